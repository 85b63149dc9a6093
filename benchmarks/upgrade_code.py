"""Versions of the code, each in a checkout of its own with the environment that its own lock names."""

import os
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from benchmarks.deployed import FOR_FEW
from infra.local import runtime
from infra.packaging import BUILD, ROOT

CODES = BUILD / "upgrade" / "codes"
_BEHIND = {"hubspot": (1, {"requests_per_10s": 180, "searches_per_s": 50}), "intercom": (2, {})}
"""Kind of source -> its port, counted from the runtime's, and what the stand-in allows."""


@dataclass(frozen=True)
class Code:
    """One checkout."""

    folder: Path

    @property
    def name(self) -> str:
        """Its commit, shortened."""
        return _git("rev-parse", "--short", "HEAD", folder=self.folder)

    def run(self, program: str, *arguments: str, **more: str) -> None:
        """Run a program of its environment in its folder, with `more` variables.

        Raises:
            SystemExit: it failed; the message is what it said.
        """
        folder = self.folder / ".venv" / "bin"
        path = os.pathsep.join([str(folder), os.environ["PATH"]])
        own = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        done = subprocess.run(
            [str(folder / program), *arguments],
            cwd=self.folder,
            env=own | {"PATH": path, "CDK_DISABLE_CLI_TELEMETRY": "1"} | more,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{program} {arguments[0]} of {self.name} ended with {done.returncode}:\n{_end(done)}")

    def configured(self, path: Path, port: int) -> None:
        """Its own configuration as its users would have written it: with the sources that stand behind `port`, the clock of their data,
        and a model that few customers can carry."""
        said = tomllib.loads((self.folder / "holdfast.toml").read_text())
        for source in said["sources"].values():
            if source["kind"] in _BEHIND:
                number, eased = _BEHIND[source["kind"]]
                source |= {"base_url": f"http://127.0.0.1:{port + number}"} | eased
        said["run"] = {"as_of": "data"}
        said["training"] = said.get("training", {}) | FOR_FEW
        said["promotion"] = said.get("promotion", {}) | {"minimum_auc": 0.0}
        path.write_text(tomli_w.dumps(said))

    def synthesise(self, config: Path, build: Path) -> None:
        """Put together what will be deployed, so that deploying takes seconds."""
        out = str(self._out(build))
        context = ("--context", "target=local", "--context", f"config={config}", "--context", f"build={build}")
        self.run("cdk", "synth", "--quiet", *context, "--output", out, **_account(0))

    def deploy(self, build: Path, port: int) -> None:
        """`cdk deploy` of what was put together, over whatever is there."""
        self.run("cdk", "deploy", "--require-approval", "never", "--app", str(self._out(build)), **_account(port))

    def _out(self, build: Path) -> Path:
        return build / "cdk.out"


def today() -> Code:
    """What lies here."""
    return Code(ROOT)


def checked_out(ref: str) -> Code:
    """A commit in a folder of its own, set up as its users do; one that is there already is used again.

    Raises:
        SystemExit: there is no such commit, or its environment could not be set up.
    """
    commit = _git("rev-parse", "--verify", f"{ref}^{{commit}}", folder=ROOT)
    folder = CODES / commit[:12]
    if not folder.exists():
        _git("worktree", "prune", folder=ROOT)
        _git("worktree", "add", "--detach", str(folder), commit, folder=ROOT)
    done = subprocess.run(["make", "setup"], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S607
    if done.returncode:
        raise SystemExit(f"`make setup` of {ref} failed:\n{_end(done)}")
    return Code(folder)


def days_ago(days: int) -> str:
    """The last commit of HEAD's that is so many days older.

    Raises:
        SystemExit: there is none.
    """
    until = int(_git("log", "-1", "--format=%ct", folder=ROOT)) - days * 86_400
    commit = _git("rev-list", "-1", f"--before={until}", "HEAD", folder=ROOT)
    if not commit:
        raise SystemExit(f"no commit is {days} days older than HEAD: name one with --from")
    return commit


def _account(port: int) -> dict[str, str]:
    """Where the embedded runtime is, and whose it is."""
    names = ("AWS_", "CDK_DEFAULT_")
    return {key: said for key, said in runtime.environment(port, "us-east-1").items() if key.startswith(names)}


def _git(*arguments: str, folder: Path) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S607
    if done.returncode:
        raise SystemExit(f"git {arguments[0]} failed: {_end(done)}")
    return done.stdout.strip()


def _end(done: "subprocess.CompletedProcess[str]") -> str:
    return "\n".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-15:])
