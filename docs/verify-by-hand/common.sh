# Read by the scripts beside it. Nothing here is ours but the order of steps: openssl, sha256sum and od do the work.
set -u
export LC_ALL=C
faults=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

holds() { printf 'ok  %-10s %s\n' "$1" "$2"; }
fails() { printf '##  %-10s %s\n' "$1" "$2"; faults=1; }
skipped() { printf -- '--  %-10s %s\n' "$1" "$2"; }
# judge CLAIM WORDS COMMAND...: holds when the command succeeds; what it printed is in $work/out
judge() {
	claim=$1 words=$2
	shift 2
	if "$@" > "$work/out" 2>&1; then holds "$claim" "$words"; else fails "$claim" "$words: no ($(head -n 1 "$work/out" | cut -c 1-160))"; fi
}
finish() {
	[ "$faults" = 0 ] && echo 'everything above that says ok was seen to hold' || echo 'REFUSED'
	exit "$faults"
}
needs() {
	for tool; do command -v "$tool" > /dev/null || { echo "$tool is needed" >&2; exit 64; }; done
}
# What may be given in the environment: AT, seconds since 1970, at which certificates must be valid (now). CRL, a revocation list (PEM)
# that knows the signer. TSA, roots (PEM) of time-stamping authorities.
attime() { [ -z "${AT:-}" ] || echo "-attime $AT"; }
crls() { [ -z "${CRL:-}" ] || echo '-crl_check'; }
# trusted ROOT: ROOT, and the list with it, in one file
trusted() { cat "$1" ${CRL:-} > "$work/trusted.pem" && echo "$work/trusted.pem"; }

# A number from a stranger's file, before the shell calculates with it: some shells run commands that stand in an expression.
digits() { case $1 in '' | *[!0-9]*) return 1 ;; esac; }
hex() { od -A n -v -t x1 | tr -d ' \n'; }
unhex() { tr a-f A-F | basenc --base16 -d; }
sha256() { sha256sum | cut -c 1-64; }
unbase64url() {
	tr -d '\n' | tr _- /+ | awk '{ while (length($0) % 4) $0 = $0 "="; print }' | base64 -d
}
# The nodes of the tree, RFC 9162, 2.1: leaf = SHA-256(00 || bytes), node = SHA-256(01 || left || right)
leaf_hash() { { printf '\000'; cat "$@"; } | sha256; }
node_hash() { printf '01%s%s' "$1" "$2" | unhex | sha256; }

# root_from LEAF_HASH PROOF_FILE: the root that an inclusion proof leads to (RFC 9162, 2.1.3.2); empty if the proof does not fit
root_from() {
	{
		read -r word fn && [ "$word" = index ] || return
		read -r word sn && [ "$word" = size ] || return
		digits "$fn" && digits "$sn" && [ "$fn" -lt "$sn" ] 2> /dev/null || return
		r=$1 sn=$((sn - 1))
		while read -r p; do
			[ "$sn" -gt 0 ] && [ "${#p}" = 64 ] || return
			if [ $((fn & 1)) = 1 ] || [ "$fn" = "$sn" ]; then
				r=$(node_hash "$p" "$r")
				while [ $((fn & 1)) = 0 ] && [ "$fn" -gt 0 ]; do fn=$((fn >> 1)) sn=$((sn >> 1)); done
			else
				r=$(node_hash "$r" "$p")
			fi
			fn=$((fn >> 1)) sn=$((sn >> 1))
		done
		[ "$sn" = 0 ] && echo "$r"
	} < "$2"
}

# consistent FIRST ROOT SECOND ROOT HASHES_FILE: the tree of SECOND leaves begins with that of FIRST (RFC 9162, 2.1.4.2)
consistent() {
	digits "$1" && digits "$3" || return 1
	fn=$(($1 - 1)) sn=$(($3 - 1)) fr= sr=
	[ "$1" -le "$3" ] || return 1
	[ "$1" != "$3" ] || { [ "$2" = "$4" ] && [ ! -s "$5" ]; return; }
	[ "$1" != 0 ] || { [ ! -s "$5" ]; return; }
	while [ $((fn & 1)) = 1 ]; do fn=$((fn >> 1)) sn=$((sn >> 1)); done
	[ $(($1 & ($1 - 1))) != 0 ] || fr=$2 sr=$2
	while read -r node; do
		[ "${#node}" = 64 ] || return 1
		if [ -z "$fr" ]; then fr=$node sr=$node; continue; fi
		[ "$sn" -gt 0 ] || return 1
		if [ $((fn & 1)) = 1 ] || [ "$fn" = "$sn" ]; then
			fr=$(node_hash "$node" "$fr") sr=$(node_hash "$node" "$sr")
			while [ $((fn & 1)) = 0 ] && [ "$fn" -gt 0 ]; do fn=$((fn >> 1)) sn=$((sn >> 1)); done
		else
			sr=$(node_hash "$sr" "$node")
		fi
		fn=$((fn >> 1)) sn=$((sn >> 1))
	done < "$5"
	[ "$sn" = 0 ] && [ "$fr" = "$2" ] && [ "$sr" = "$4" ]
}

# A checkpoint in a signed note: three lines, an empty one, signatures. note_size FILE, note_root FILE (hex)
note_size() { sed -n 2p "$1"; }
note_root() { sed -n 3p "$1" | base64 -d 2> /dev/null | hex; }
# note_by FILE VKEY: signed by this store key; VKEY is NAME+ID+BASE64 (C2SP signed-note)
note_by() {
	name=${2%%+*} rest=${2#*+}
	id=${rest%%+*}
	printf '%s' "${rest#*+}" | base64 -d > "$work/key" || return 1
	[ "$(head -c 1 "$work/key" | hex)" = 01 ] && [ "$(wc -c < "$work/key")" = 33 ] || { echo 'not an Ed25519 key'; return 1; }
	[ "$({ printf '%s\n' "$name"; cat "$work/key"; } | sha256 | cut -c 1-8)" = "$id" ] || { echo 'the id is not that of this key'; return 1; }
	[ "$(sed -n 4p "$1")" = '' ] && [ "$(sed -n 1p "$1")" = "$name" ] || { echo "not a head of $name"; return 1; }
	sed 3q "$1" > "$work/note.text"
	sed 1,4d "$1" | awk -v n="$name" '$1 == "\342\200\224" && $2 == n && NF == 3 { print $3 }' | while read -r s; do
		printf '%s' "$s" | base64 -d > "$work/sig.bin"
		[ "$(head -c 4 "$work/sig.bin" | hex)" = "$id" ] && tail -c +5 "$work/sig.bin" > "$work/note.sig" && echo "$s"
	done > "$work/sigs"
	[ "$(wc -l < "$work/sigs")" = 1 ] || { echo 'not signed once by this key'; return 1; }
	{ printf '\060\052\060\005\006\003\053\145\160\003\041\000'; tail -c 32 "$work/key"; } > "$work/key.der"
	openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "$work/key.der" -in "$work/note.text" -sigfile "$work/note.sig"
}

# token_over TOKEN DATA: an RFC 3161 token over the bytes of DATA, by an authority under TSA, whose certificate was valid then
token_over() { openssl ts -verify $(token_in "$1") -in "$1" -data "$2" -CAfile "$TSA" -attime "$(date -u -d "$(token_time "$1")" +%s)"; }
token_time() { openssl ts -reply $(token_in "$1") -in "$1" -token_out -text 2> /dev/null | sed -n 's/^Time stamp: //p'; }
# a token by itself begins with the name of its form, an authority's whole answer with a status
token_in() { openssl asn1parse -inform DER -in "$1" 2> /dev/null | sed -n 2p | grep -q OBJECT && echo -token_in; }
# stamp OF TOKEN DATA: the claim about it
stamp() {
	if [ ! -s "$2" ]; then skipped time "$1: no time-stamp, so when is the signer's word alone"
	elif [ -z "${TSA:-}" ]; then skipped time "$1: stamped $(token_time "$2"), but TSA names no root for it"
	else judge time "$1: stamped $(token_time "$2"), by an authority under your root" token_over "$2" "$3"
	fi
}
# cut_token CMS: $work/token and the signature value that it is over, $work/value. Both are pieces of the file.
cut_token() {
	rm -f "$work/token" "$work/value"
	openssl asn1parse -inform DER -in "$1" 2> /dev/null | sed 's/^ *\([0-9]*\):d= *\([0-9]*\) *hl= *\([0-9]*\) *l= *\([0-9]*\) /\1 \2 \3 \4 /' |
		awk '$2 == 5 && /prim: *OCTET STRING/ { value = $1 + $3 " " $4 } /timeStampToken/ { token = 1 }
			token && /cons: *SEQUENCE/ { print value, $1, $3 + $4; exit }' > "$work/where"
	read -r at n token size < "$work/where" || return 0
	tail -c +$((at + 1)) "$1" | head -c "$n" > "$work/value"
	tail -c +$((token + 1)) "$1" | head -c "$size" > "$work/token"
}
