"""Checks access tokens as a Python service would, with one algorithm. Reads JSON lines from stdin, answers with one JSON line each."""
import json
import sys

import jwt

jwks = jwt.PyJWKClient(sys.argv[1] + "/.well-known/jwks.json")
for line in sys.stdin:
    token = json.loads(line)
    try:
        key = jwks.get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key.key, algorithms=[sys.argv[2]], issuer=sys.argv[1],
                            audience=sys.argv[1], options={"require": ["exp", "iss", "aud", "sub", "jti"]})
        print(json.dumps({"username": claims["username"], "sub": claims["sub"]}), flush=True)
    except jwt.PyJWTError as error:
        print(json.dumps({"refused": type(error).__name__}), flush=True)
