"""What the pages tell people to type can be typed, and is run by a test; what they show of files can be read."""

import re
import textwrap
import tomllib

import pytest
import tomli_w
import typer

from holdfast.checked import parse_toml
from holdfast.connector import Connector
from holdfast.privacy import declared
from holdfast.settings import load_settings, parse_settings
from infra.cli import main
from tests.documented import PAGES, ROOT, Command, documented, typed_by_tests

ROOT_COMMAND = typer.main.get_command(main.app)
USAGE_ERROR = typer.BadParameter.__bases__[0]
NOT_RUN = {
    "alerts --region": "the embedded runtime has no further region's stack: tests/unit/infra/cli/test_scoring.py",
    "logs --region": "the embedded runtime has no further region's stack: tests/unit/infra/cli/test_scoring.py",
    "score --region": "the embedded runtime has no further region's stack: tests/unit/infra/cli/test_scoring.py",
    "cost --customers --events": "the numbers are said here, and the deployment is asked end to end: tests/unit/infra/cli/test_cost.py",
    "demo --enforce-iam": "a deployment of its own, for minutes: `make privileges` runs it",
    "forget --dry-run": "reads every file there is, for minutes: `make check-privacy` runs it",
    "images list": "asks a public registry: tests/unit/infra/cli/test_images.py asks one on this machine",
    "images pin": "asks a public registry: tests/unit/infra/cli/test_images.py asks one on this machine",
    "keys rotate": "hashes every table anew: tests/integration/test_key_rotation.py runs what it starts",
    "models promote": "another model would serve while other tests ask: tests/unit/holdfast/test_registry.py",
    "models rollback": "another model would serve while other tests ask: tests/unit/holdfast/test_registry.py",
    "privacy lift": "lets in whom another test has forgotten: tests/unit/functions/privacy/test_forgetting.py",
    "quarantine release": "changes what other tests count: tests/unit/functions/validate/test_releases.py",
    "runs retry": "another name of `redrive`, which is run",
    "demo --config --data": "the data is published elsewhere; what is configured is checked below, what it reaches is in docs/results.md",
    "demo --patience": "a deployment of its own, for minutes: `make load` types it; tests/unit/infra/local/test_patience.py has what it gives",
    "demo --seed": "another world takes minutes: the same command runs with the seed that it has",
    "quarantine show --run --table --reveal": "shows what a person may see and a log may not; without --reveal it is run",
    "privacy resume --all": "pulls all deletions of the sources; without --all it is run",
}
"""Commands that no end-to-end test types, and why."""
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = dict(re.findall(r"^([a-z-]+):[^\n]*\n((?:\t[^\n]*\n)*)", MAKEFILE, re.M))
COMMANDS = documented()
HOLDFAST = [each for each in COMMANDS if each.words[0] == "holdfast" and len(each.words) > 1]
MAKE = [each for each in COMMANDS if each.words[0] == "make"]


def named(command: Command) -> str:
    return f"{command.place} {' '.join(command.words)}"


def path_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """The names that lead to a command."""
    node, path = ROOT_COMMAND, []
    for word in words:
        if word not in getattr(node, "commands", {}):
            break
        path.append(word)
        node = node.commands[word]
    return tuple(path)


@pytest.mark.parametrize("command", HOLDFAST, ids=named)
def test_a_command_is_understood_as_it_is_written(command: Command) -> None:
    words = ["1" if word == "N" else word for word in command.words[1:]]
    context, node = None, ROOT_COMMAND
    try:
        while hasattr(node, "commands") and words and not words[0].startswith("-"):
            assert words[0] in node.commands, f"there is no command {words[0]}"
            node = node.commands[words.pop(0)]
        if words != ["--help"] and not hasattr(node, "commands"):
            context = node.make_context(command.words[1], list(words))
    except USAGE_ERROR as error:
        if command.whole or not error.format_message().startswith("Missing"):
            pytest.fail(error.format_message())
    assert context is None or context.params is not None


def test_every_command_is_typed_by_a_test_or_it_is_said_why_not() -> None:
    typed = [(path_of(words), {word for word in words if word.startswith("--")}) for words in typed_by_tests()]
    left = {}
    for command in HOLDFAST:
        path, options = (
            path_of(command.words[1:]),
            command.options - {"--target"},
        )  # aws: nothing answers there in a test
        wanted = " ".join((*path, *(word for word in command.words if word in options)))
        run = any(other == path and options <= others for other, others in typed)
        if (
            path
            and not run
            and wanted not in NOT_RUN
            and " ".join(path) not in NOT_RUN
            and len(path_of(command.words[1:])) > 0
        ):
            left[wanted] = command.place
    groups = {name for name, node in ROOT_COMMAND.commands.items() if hasattr(node, "commands")}
    assert {wanted: place for wanted, place in left.items() if wanted not in groups} == {}


def test_every_reason_is_of_a_command_that_a_page_has() -> None:
    wanted = {
        " ".join((*path_of(each.words[1:]), *(word for word in each.words if word.startswith("--"))))
        for each in HOLDFAST
    }

    assert all((ROOT / path).exists() for why in NOT_RUN.values() for path in re.findall(r"tests/\S+\.py", why))
    assert {name for name in NOT_RUN if not any(each.startswith(name) for each in wanted)} == set()


@pytest.mark.parametrize("command", MAKE, ids=named)
def test_what_is_made_is_a_target_and_takes_the_arguments(command: Command) -> None:
    target, *more = command.words[1:]

    assert target in TARGETS
    for option in re.findall(r"--[a-z-]+", " ".join(more)):
        assert takes(TARGETS[target], option), f"{target} takes no {option}"


@pytest.mark.parametrize(("target", "options"), re.findall(r"^([a-z-]+):.*##.*ARGS=\"([^\"]+)\"", MAKEFILE, re.M))
def test_the_arguments_that_the_makefile_names_are_taken(target: str, options: str) -> None:
    for option in re.findall(r"--[a-z-]+", options):
        assert takes(TARGETS[target], option), f"{target} takes no {option}"


def takes(recipe: str, option: str) -> bool:
    """Whether what a recipe starts knows an option."""
    modules = re.findall(r"python -m ([\w.]+)", recipe)
    files = [ROOT / f"{module.replace('.', '/')}.py" for module in modules]
    if "pytest" in recipe:
        files.append(ROOT / "tests/conftest.py")
    if "holdfast demo" in recipe:
        return option in {name for each in ROOT_COMMAND.commands["demo"].params for name in each.opts}
    return any(f'"{option}"' in path.read_text() for path in files)


def test_the_tests_that_the_pages_name_are_there() -> None:
    named_tests = {path for page in PAGES for path in re.findall(r"\btests/[\w/]+(?:\.py)?", page.read_text())}

    assert named_tests
    assert {path for path in named_tests if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*/holdfast.toml")), ids=lambda path: path.parent.name)
def test_an_example_is_a_configuration_that_is_right_and_its_script_is_python(path) -> None:
    assert declared(load_settings(path))
    script = path.with_name("prepare.py")
    if script.exists():
        compile(script.read_text(), str(script), "exec")


def blocks() -> list[tuple[str, str]]:
    """Pieces of holdfast.toml that the pages show: page and text."""
    found = []
    for page in PAGES:
        for block in re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", page.read_text(), re.M):
            text = textwrap.dedent(block).strip()
            if re.match(r"\[[a-z]+(\.[a-z_]+)*\]\n", text):
                found.append((page.name, text))
    return found


@pytest.mark.parametrize(("page", "text"), blocks())
def test_a_piece_of_configuration_can_be_read(page: str, text: str) -> None:
    said = tomllib.loads(text)
    whole = {"churn": {"kind": "usage"}, "sources": {"crm": {"kind": "hubspot"}}} | said
    for source in whole["sources"].values():
        if "kind" not in source:  # of a source of logs, only what the page is about
            source |= {"kind": "events", "prefix": "x/", "fields": {"customer": "user", "time": "at"}} | source
    assert parse_settings(tomli_w.dumps(whole)).sources


def test_a_connector_that_a_page_shows_can_be_read() -> None:
    shown = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/connectors.md").read_text(), re.S)

    assert len(shown) == 1
    assert parse_toml(Connector, shown[0], "acme.toml").probes()


def test_the_files_that_the_pages_point_to_are_there() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
