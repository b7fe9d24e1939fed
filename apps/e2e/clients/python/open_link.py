"""Stands for the user's browser program: hands the link to the driver and returns, as a window that opened."""

import json
import os
import sys
import urllib.request

driver = json.loads(os.environ["ALTER_CLIENT_PLACE"])["driver"]
[link] = sys.argv[1:]
body = json.dumps({"url": link, "provider": "acme", "by": "browser"}).encode()
request = urllib.request.Request(f"{driver}/launch", data=body, headers={"Content-Type": "application/json"})
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).read()
