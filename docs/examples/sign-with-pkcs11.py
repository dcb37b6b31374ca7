#!/usr/bin/python3
"""Signs for om-publish with a key in a PKCS#11 token: an HSM, a smart card, SoftHSM. See docs/publishing.md.

    sign-with-pkcs11.py sign NAME < bytes > signature     (base64)
    sign-with-pkcs11.py public-key NAME > key.pem

NAME is the label of an Ed25519 key pair in the token. It needs Debian's python3-pykcs11, and in the environment
OM_PKCS11_MODULE (the token's library), OM_PKCS11_TOKEN (its label) and OM_PKCS11_PIN_FILE (a file with the PIN, mode 600).
"""
import base64
import os
import sys

import PyKCS11


def main(verb, name):
    session = open_session(os.environ["OM_PKCS11_MODULE"], os.environ["OM_PKCS11_TOKEN"])
    if verb == "public-key":
        key = find_key(session, PyKCS11.CKO_PUBLIC_KEY, name)
        print_pem(session.getAttributeValue(key, [PyKCS11.CKA_EC_POINT])[0])
        return
    with open(os.environ["OM_PKCS11_PIN_FILE"], encoding="utf-8") as file:
        session.login(file.read().strip())
    key = find_key(session, PyKCS11.CKO_PRIVATE_KEY, name)
    signature = session.sign(key, sys.stdin.buffer.read(), PyKCS11.Mechanism(PyKCS11.CKM_EDDSA, None))
    session.logout()
    print(base64.b64encode(bytes(signature)).decode("ascii"))


def open_session(module, token):
    library = PyKCS11.PyKCS11Lib()
    library.load(module)
    for slot in library.getSlotList(tokenPresent=True):
        if library.getTokenInfo(slot).label.strip("\0 ") == token:
            return library.openSession(slot)
    sys.exit(f"there is no token {token} in {module}")


def find_key(session, kind, name):
    found = session.findObjects([(PyKCS11.CKA_CLASS, kind), (PyKCS11.CKA_LABEL, name)])
    if len(found) != 1:
        sys.exit(f"the token has {len(found)} keys {name}, not one")
    return found[0]


def print_pem(point):
    """The point is 32 bytes, which most tokens wrap into an OCTET STRING; the prefix is that of RFC 8410 for Ed25519."""
    key = bytes(point)[-32:]
    text = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + key).decode("ascii")
    print(f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("sign", "public-key"):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
