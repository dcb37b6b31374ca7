#!/bin/sh
# Needs OpenSSL 3. Makes an authority, three certificates signed by it, and a self-signed one.
set -eu
LONG=36135
new_key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'

signed() { # name, alternative names, days
  openssl req -new $new_key -keyout "$1-key.pem" -out request.tmp -subj "/CN=$1"
  printf 'subjectAltName=%s\n' "$2" > extensions.tmp
  openssl x509 -req -in request.tmp -CA authority.pem -CAkey authority-key.tmp -CAcreateserial -CAserial serial.tmp \
    -days "$3" -extfile extensions.tmp -out "$1.pem"
}

openssl req -x509 $new_key -keyout authority-key.tmp -out authority.pem -subj '/CN=Test Authority' -days $LONG
signed localhost 'DNS:localhost,IP:127.0.0.1,IP:::1' $LONG
signed elsewhere 'DNS:elsewhere.example' $LONG
signed expired 'DNS:localhost,IP:127.0.0.1' -1
openssl req -x509 $new_key -keyout self-signed-key.pem -out self-signed.pem -subj '/CN=localhost' \
  -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -days $LONG
rm -f ./*.tmp
