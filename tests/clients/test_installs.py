"""Each library installed into an empty project as a user would do it, and the first example of its README run there."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from clients.languages import CLIENTS, alone_in, built_typescript, run
from clients.live import Live
from clients.toolchains import GO, JAVAC, MAVEN, NODE, NPM, need

_TSC = ("--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom", "--types", "")
_BUILT = ("target", "build", "dist", "node_modules", "__pycache__", "*.egg-info", ".*_cache")
_USERS_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId>
  <artifactId>example</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>
  </dependencies>
  <build><plugins>{plugins}</plugins></build>
</project>
"""
_PLUGIN = "<plugin><artifactId>{0}</artifactId><version>{1}</version></plugin>"


@pytest.fixture
def settings(live: Live) -> dict[str, str]:
    """What a user has in the environment."""
    return {"PARLEY_URL": live.url, "PARLEY_API_KEY": live.new_key()}


def first_example(language: str, *kinds: str) -> str:
    """Return the first fenced block of a README in one of these kinds of code."""
    text = (CLIENTS / language / "README.md").read_text()
    found = re.search(rf"^```(?:{'|'.join(kinds)})\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, f"clients/{language}/README.md has no block of {kinds}"
    return found[1]


def copied(language: str, folder: Path) -> Path:
    """Copy a library without what was built, so that nothing is built in the checkout."""
    return Path(shutil.copytree(CLIENTS / language, folder / "library", ignore=shutil.ignore_patterns(*_BUILT)))


def test_python_installs_into_an_empty_environment(tmp_path: Path, settings: dict[str, str]) -> None:
    library, project = copied("python", tmp_path), tmp_path / "project"
    run(tmp_path, sys.executable, "-m", "venv", str(project))
    run(project, "bin/python", "-m", "pip", "install", "--quiet", str(library))
    (project / "main.py").write_text(first_example("python", "python"))
    assert run(project, "bin/python", "-W", "error", "main.py", env=settings).strip()


def test_typescript_installs_into_an_empty_project(tmp_path: Path, settings: dict[str, str]) -> None:
    need(NODE, NPM)
    folder, project = CLIENTS / "typescript", tmp_path / "project"
    project.mkdir()
    built_typescript(folder)
    with alone_in(folder):
        run(folder, "npm", "pack", "--ignore-scripts", "--pack-destination", str(tmp_path))
    [packed] = tmp_path.glob("*.tgz")
    (project / "package.json").write_text('{"private": true}')
    run(project, "npm", "install", str(packed))
    assert run(project, "npm", "ls", "--all", "--parseable").count("node_modules") == 1
    for name, text in (
        ("main.mjs", 'import { Parley } from "parley-client"; console.log(typeof Parley);'),
        ("main.cjs", 'const { Parley } = require("parley-client"); console.log(typeof Parley);'),
    ):
        (project / name).write_text(text)
        assert run(project, "node", name).strip() == "function"
    (project / "example.mts").write_text(first_example("typescript", "ts", "typescript"))
    run(project, str(folder / "node_modules" / ".bin" / "tsc"), *_TSC, "example.mts")
    assert run(project, "node", "example.mjs", env=settings).strip()


def test_go_module_is_required_by_an_empty_module(tmp_path: Path, settings: dict[str, str]) -> None:
    need(GO)
    module = (CLIENTS / "go" / "go.mod").read_text().split()[1]
    offline = {"GOPROXY": "off", "GOFLAGS": "-mod=mod"}
    run(tmp_path, "go", "mod", "init", "example.org/empty")
    run(tmp_path, "go", "mod", "edit", f"-replace={module}={CLIENTS / 'go'}")
    run(tmp_path, "go", "get", module, env=offline)
    (tmp_path / "main.go").write_text(first_example("go", "go"))
    assert run(tmp_path, "go", "run", ".", env={**offline, **settings}).strip()
    assert not (tmp_path / "go.sum").exists()


def test_java_installs_into_a_local_repository(tmp_path: Path, settings: dict[str, str]) -> None:
    need(JAVAC, MAVEN)
    library, project, repository = copied("java", tmp_path), tmp_path / "project", tmp_path / "repository"
    _seed(repository)
    local = f"-Dmaven.repo.local={repository}"
    run(library, "mvn", "-q", "-B", local, "install", "-Dmaven.test.skip=true")
    example = first_example("java", "java")
    found = re.search(r"class (\w+)", example)
    assert found, "the first example of clients/java/README.md has no class"
    source = project / "src" / "main" / "java" / f"{found[1]}.java"
    source.parent.mkdir(parents=True)
    source.write_text(example)
    pom = library / "pom.xml"
    (project / "pom.xml").write_text(_USERS_POM.format(**_coordinates(pom), plugins=_plugins(pom)))
    path = tmp_path / "classpath"
    run(project, "mvn", "-q", "-B", local, "compile", "dependency:build-classpath", f"-Dmdep.outputFile={path}")
    classes = os.pathsep.join([str(project / "target" / "classes"), path.read_text().strip()])
    assert str(repository) in classes
    assert run(project, "java", "-cp", classes, found[1], env=settings).strip()


def _coordinates(pom: Path) -> dict[str, str]:
    """Return the library's own coordinates: the first of each in its pom."""
    text = pom.read_text()
    names = {"group": "groupId", "artifact": "artifactId", "version": "version"}
    return {name: re.findall(rf"<{tag}>([^<]+)</{tag}>", text)[0] for name, tag in names.items()}


def _plugins(pom: Path) -> str:
    """Pin the user's plugins to the library's, which Maven has fetched already."""
    found = re.findall(r"<artifactId>(maven-[\w-]+-plugin)</artifactId>\s*<version>([^<]+)</version>", pom.read_text())
    kept = ("maven-resources-plugin", "maven-compiler-plugin", "maven-dependency-plugin")
    return "".join(_PLUGIN.format(name, version) for name, version in found if name in kept)


def _seed(repository: Path) -> None:
    """Begin with what Maven has fetched before, linked where that works: only what is missing is fetched again."""
    known = Path.home() / ".m2" / "repository"
    if not known.exists():
        return
    ours = shutil.ignore_patterns("parley-client")
    try:
        shutil.copytree(known, repository, copy_function=os.link, ignore=ours)
    except OSError:
        shutil.copytree(known, repository, dirs_exist_ok=True, ignore=ours)


def test_lock_files_name_no_registry() -> None:
    """Whoever installs from a mirror must not be led past it."""
    lock = (CLIENTS / "typescript" / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "http" not in re.sub(r'"url": "https?://[^"]*"', "", lock)
