/* Linked with one whole folder and what it may see: what it lacks shows at the link. */
int main(void)
{
	return 0;
}
