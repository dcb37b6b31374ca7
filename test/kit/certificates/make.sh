#!/bin/sh
# Needs OpenSSL 3. Makes an authority, three certificates signed by it, and a self-signed one.
set -eu
FROM=20200101000000Z
TO=21200101000000Z
LONG_AGO=20200102000000Z
new_key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
cat > ca.tmp <<'CONFIGURATION'
[ca]
default_ca = test
[test]
database = index.tmp
serial = serial.tmp
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
CONFIGURATION
: > index.tmp
echo 1000 > serial.tmp

certificate() { # name, subject, last day, extensions, how it is signed
  printf '[own]\n%s\n' "$4" > extensions.tmp
  openssl req -new $new_key -keyout "$1-key.pem" -out request.tmp -subj "/CN=$2"
  openssl ca -batch -notext -config ca.tmp -in request.tmp -out "$1.pem" -startdate $FROM -enddate "$3" \
    -extfile extensions.tmp -extensions own $5
}

by_authority='-cert authority.pem -keyfile authority-key.pem'
certificate authority 'Test Authority' $TO 'basicConstraints=critical,CA:true' '-selfsign -keyfile authority-key.pem'
certificate localhost localhost $TO 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' "$by_authority"
certificate elsewhere elsewhere $TO 'subjectAltName=DNS:elsewhere.example' "$by_authority"
certificate expired expired $LONG_AGO 'subjectAltName=DNS:localhost,IP:127.0.0.1' "$by_authority"
certificate self-signed localhost $TO 'subjectAltName=DNS:localhost,IP:127.0.0.1' '-selfsign -keyfile self-signed-key.pem'
rm -f ./*.tmp ./*.tmp.* ./10*.pem authority-key.pem
