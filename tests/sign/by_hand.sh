#!/bin/sh
# by_hand.sh MAKE_SIGNED VERIFY_BY_HAND_MD: runs every command of the page, section by section, as an outsider would:
# on an honest report each must succeed and say what the page promises; on a forged one it must not.
set -eu
make_signed=$1 page=$2
for tool in openssl pdfsig pdfdetach certutil qpdf basenc; do
	command -v "$tool" > /dev/null || { echo "$tool is missing"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fault=0

fail() {
	echo "not as promised: $*"
	fault=1
}

# The commands of the page's section N.
section() {
	awk -v n="$1" '/^## /{ s = $2 + 0 } /^```/{ code = !code; next } code && s == n' "$page"
}

# run N FOLDER: standard output and error to FOLDER/out.N; the status of the section's last or first failing command.
run() {
	section "$1" > "$work/section.sh"
	test -s "$work/section.sh" || { echo "no commands in section $1"; exit 1; }
	(cd "$2" && sh -e "$work/section.sh") > "$2/out.$1" 2>&1
}

# expect N FOLDER TEXT...: it runs, and prints every TEXT.
expect() {
	n=$1 dir=$2
	shift 2
	run "$n" "$dir" || fail "section $n fails on $dir: $(cat "$dir/out.$n")"
	for text; do
		grep -q -F -- "$text" "$dir/out.$n" || fail "section $n does not say '$text': $(cat "$dir/out.$n")"
	done
}

# refuse N FOLDER
refuse() {
	if run "$1" "$2"; then
		fail "section $1 accepts $2"
	fi
}

copy() {
	mkdir "$work/$1"
	cp "$work/honest/report.json" "$work/honest/report.json.p7s" "$work/honest/report.pdf" "$work/honest/root.pem" "$work/honest/checkpoint" \
		"$work/honest/vkey" "$work/$1"
}

mkdir "$work/honest"
"$make_signed" "$work/honest"
copy changed
copy appended
copy stranger

expect 1 "$work/honest" 'sha256 Fingerprint=' 'TEST - not for evidence'
expect 2 "$work/honest" 'CAdES Verification successful'
expect 3 "$work/honest" 'Signature is Valid' 'Certificate is Trusted' 'Total document signed'
expect 4 "$work/honest" 'CAdES Verification successful'
expect 5 "$work/honest"
expect 6 "$work/honest" 'Signature Verified Successfully'
qpdf --check "$work/honest/report.pdf" > "$work/qpdf" 2>&1 || fail "qpdf: $(cat "$work/qpdf")"
grep -q WARNING "$work/qpdf" && fail "qpdf warns: $(cat "$work/qpdf")"
test "$(grep -c 'Signature #' "$work/honest/out.3")" = 1 || fail 'pdfsig sees another number of signatures than one'

# Keys and files as openssl makes them, with a certificate authority of one's own.
ca="$work/ca"
mkdir "$ca"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$ca/key" -out "$ca/root.pem" -subj '/CN=Root' -days 2 \
	-addext keyUsage=critical,keyCertSign 2> /dev/null

# issue NAME KEY-OPTIONS...: $ca/NAME.key, encrypted, and $ca/NAME.pem
issue() {
	name=$1
	shift
	openssl req -new "$@" -passout pass:horse -keyout "$ca/$name.key" -out "$ca/$name.csr" -subj "/CN=$name" 2> /dev/null
	printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\n' > "$ca/ext"
	openssl x509 -req -in "$ca/$name.csr" -CA "$ca/root.pem" -CAkey "$ca/key" -days 1 -extfile "$ca/ext" -out "$ca/$name.pem" 2> /dev/null
}

issue p384 -newkey ec -pkeyopt ec_paramgen_curve:P-384
cat "$ca/p384.key" "$ca/p384.pem" "$ca/root.pem" > "$ca/p384.file"
issue rsa3072 -newkey rsa:3072
openssl pkcs12 -export -inkey "$ca/rsa3072.key" -passin pass:horse -in "$ca/rsa3072.pem" -certfile "$ca/root.pem" -passout pass:horse -out "$ca/rsa3072.file"
for key in p384 rsa3072; do
	mkdir "$work/$key"
	"$make_signed" "$work/$key" "$ca/$key.file" horse
	cp "$ca/root.pem" "$work/$key"
	expect 2 "$work/$key" 'CAdES Verification successful'
	expect 3 "$work/$key" 'Signature is Valid' 'Certificate is Trusted' 'Total document signed'
	expect 4 "$work/$key" 'CAdES Verification successful'
	qpdf --check "$work/$key/report.pdf" > "$work/qpdf" 2>&1 || fail "qpdf: $(cat "$work/qpdf")"
done

# One byte of each file.
sed -i 's/sample/simple/' "$work/changed/report.json"
sed -i 's/D:20/D:21/' "$work/changed/report.pdf"
sed -i '2s/^/1/' "$work/changed/checkpoint"
refuse 2 "$work/changed"
expect 3 "$work/changed"
grep -q 'Signature is Valid' "$work/changed/out.3" && fail 'pdfsig calls a changed file valid'
refuse 4 "$work/changed"
refuse 5 "$work/changed"
refuse 6 "$work/changed"

# Something behind the signature.
printf '5 0 obj\nnull\nendobj\n' >> "$work/appended/report.pdf"
expect 3 "$work/appended"
grep -q '  - Total document signed' "$work/appended/out.3" && fail 'pdfsig calls an extended file totally signed'
refuse 4 "$work/appended"

# A root of somebody else.
mkdir "$work/other"
"$make_signed" "$work/other"
cp "$work/other/root.pem" "$work/other/vkey" "$work/stranger"
refuse 2 "$work/stranger"
expect 3 "$work/stranger"
grep -q 'Certificate is Trusted' "$work/stranger/out.3" && fail 'pdfsig trusts a root of somebody else'
refuse 4 "$work/stranger"
refuse 6 "$work/stranger"
exit $fault
