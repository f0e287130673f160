"""python deploy/lock.py > deploy/requirements.lock: what the image is built from, each file with its SHA-256.

To be run with Python 3.11 on Linux x86-64, which is what the image is.
"""

import json
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = "openai,ollama,login,api,telemetry"
PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]


def main() -> None:
    """Print a line for every package that pip would install, in the order of their names."""
    report = subprocess.run([*PIP, f"{ROOT}[{EXTRAS}]"], capture_output=True, text=True, check=True).stdout
    print(f"# Made by deploy/lock.py for the extras {EXTRAS}, Python 3.11, Linux x86-64.")
    lines = []
    for package in json.loads(report)["install"]:
        name, version = package["metadata"]["name"], package["metadata"]["version"]
        if name.lower() == metadata("yinju")["Name"]:
            continue
        digest = package["download_info"]["archive_info"]["hashes"]["sha256"]
        lines.append(f"{name.lower()}=={version} --hash=sha256:{digest}")
    print("\n".join(sorted(lines)))


if __name__ == "__main__":
    main()
