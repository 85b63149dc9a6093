"""What every test may rely on: the lock's own Node and command lines, also where pytest is started without make."""

import os
import sys
from pathlib import Path

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
