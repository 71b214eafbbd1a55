#!/bin/sh
# Makes the certificates of this folder anew (see README.md). Needs OpenSSL 3; run it here.
set -eu
T=$(mktemp -d)
trap 'rm -r "$T"' EXIT
touch "$T/index.txt"
echo 01 >"$T/serial"
printf '%s\n' '[ca]' 'default_ca=d' '[d]' "database=$T/index.txt" "serial=$T/serial" "new_certs_dir=$T" \
	'default_md=sha256' 'policy=p' 'copy_extensions=copy' '[p]' 'commonName=supplied' >"$T/ca.cnf"

# key FILE; request KEY SUBJECT EXTENSION...
key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }
request() {
	key=$1 subject=$2
	shift 2
	for extension in "$@"; do set -- "$@" -addext "$extension"; shift; done
	openssl req -new -key "$key" -subj "$subject" "$@" -out "$T/request"
}
# issue FROM TO CERTIFICATE OPTIONS...: from and to as YYYYMMDD; openssl x509 cannot set a beginning in the past
issue() {
	from=$1 to=$2 certificate=$3
	shift 3
	openssl ca -batch -notext -config "$T/ca.cnf" -startdate "${from}000000Z" -enddate "${to}000000Z" \
		-in "$T/request" -out "$certificate" "$@"
}

key "$T/ca.key"
request "$T/ca.key" '/CN=Sluice test authority' \
	'basicConstraints=critical,CA:TRUE,pathlen:0' 'keyUsage=critical,keyCertSign,cRLSign'
issue 20200101 20570101 ca.crt -selfsign -keyfile "$T/ca.key"

key good.key
request good.key '/CN=sink.test' 'basicConstraints=CA:FALSE' 'extendedKeyUsage=serverAuth' \
	'subjectAltName=DNS:sink.test,DNS:*.sink.test,DNS:*.test,DNS:localhost,IP:127.0.0.1,IP:::1'
issue 20200101 20570101 good.crt -cert ca.crt -keyfile "$T/ca.key"

key bad.key
request bad.key '/CN=wrong.invalid' 'subjectAltName=DNS:wrong.invalid'
issue 20200101 20210101 bad.crt -selfsign -keyfile bad.key
