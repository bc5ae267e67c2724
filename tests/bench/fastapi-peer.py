# fastapi-peer.py: the peer of case rest: one route with a path parameter and no database, as FastAPI's own tutorial has it.
# SPDX-License-Identifier: Apache-2.0
#   python3 fastapi-peer.py PORT
import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI ()


@app.get ("/v1/user_config/{user}")
async def get_user_config (user: str):
    return {"theme": "dark", "language": "en", "sizes": [1, 2, 3], "beta": True}


@app.get ("/readyz")
async def ready ():
    return {}


uvicorn.run (app, host="127.0.0.1", port=int (sys.argv[1]), loop="uvloop", http="httptools", access_log=False, log_level="error")
