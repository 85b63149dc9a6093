"""Coverage-guided fuzzing of what reads what others wrote: `make fuzz ARGS="--seconds 60"`.

Each target runs in a process of its own: an input that takes over 5 s, over 2 GB or raises what its caller cannot be told in
words ends it, and is kept in `.build/fuzz/<target>`. What was found interesting is gone on from the next time.
"""

import argparse
import re
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGETS = sorted(path.stem for path in Path(__file__).with_name("targets").glob("*.py"))
LIMITS = ("-timeout=5", "-rss_limit_mb=2048", "-max_len=131072")
PACKAGES = ["holdfast", "validate", "features", "ingest", "score", "infra"]


def fuzz(name: str, folder: Path, seconds: int) -> None:
    """Feed one target for so long; ends the process."""
    import atheris

    with atheris.instrument_imports(include=PACKAGES):
        target = import_module(f"tests.fuzz.targets.{name}")
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)

    def once(data: bytes) -> None:
        with suppress(*target.ALLOWED):
            target.once(data)

    said = [*LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={folder}/", "-print_final_stats=1"]
    atheris.Setup([name, str(corpus), *said], once)
    atheris.Fuzz()


def report(name: str, folder: Path, seconds: int) -> bool:
    """Run one target and print a line of what came of it; whether nothing was found."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.guided", "--only", name, "--seconds", str(seconds), "--here"]
    with (folder / "log").open("w") as log:
        ended = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False).returncode
    said = (folder / "log").read_text(errors="replace")
    runs = re.findall(r"^#(\d+)", said, re.MULTILINE)
    covered = re.findall(r" cov: (\d+)", said)
    found = re.findall(r"Test unit written to (\S+)", said)
    told = f"found: {', '.join(found)} (see {folder / 'log'})" if ended else "nothing found"
    print(
        f"{name:<14}{int(runs[-1]) if runs else 0:>12,} runs   {covered[-1] if covered else '?':>6} edges   {told}",
        flush=True,
    )
    return not ended


def main() -> None:
    """Fuzz all targets, or one, and fail if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--only", action="append", choices=TARGETS, help="this target; may be said several times")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    names = asked.only or TARGETS
    if asked.here:
        fuzz(names[0], ROOT / ".build" / "fuzz" / names[0], asked.seconds)
    well = [report(name, ROOT / ".build" / "fuzz" / name, asked.seconds) for name in names]
    sys.exit(not all(well))


if __name__ == "__main__":
    main()
