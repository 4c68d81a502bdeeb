# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw models``: what is listed, and what comes into the cache, from a server of the tests."""

import hashlib
import io
import json
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import nn_graphs
import pytest
from click.testing import CliRunner

from macaw.cli import public_models as job
from macaw.cli.main import main

CONTENT = nn_graphs.network_file()
NAME, OTHER, ZIPPED = "small", "other", "zipped"


def model(name, **more):
    fields = {
        "name": name, "about": "a network", "project": "someone/networks",
        "path": f"folder/{name}.tflite", "version": "0123456789abcdef", "licence": "Apache-2.0",
        "sha256": hashlib.sha256(CONTENT).hexdigest(), "bytes": len(CONTENT), "macs": 1808,
    }  # fmt: skip
    return job.PublicModel(**(fields | more))


@pytest.fixture(autouse=True)
def known(monkeypatch, tmp_path):
    """Three models that are small, and a cache of their own."""
    known = [
        model(NAME), model(OTHER, version=None),
        model(ZIPPED, path="folder/archive.zip!inner/x.tflite"),
    ]  # fmt: skip
    monkeypatch.setattr(job, "public_models", lambda: {each.name: each for each in known})
    monkeypatch.setenv("MACAW_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MACAW_MODELS_FROM", raising=False)
    return known


class Server(ThreadingHTTPServer):
    """Answers each path of ``files`` with (the length that it says, the bytes that it sends)."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked = {}, []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """A client that goes away is what a test wants."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path not in self.server.files:
            self.send_error(404)
            return
        length, content = self.server.files[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with Server() as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield served
        served.shutdown()
        thread.join()


def serve(server, path, content=CONTENT):
    server.files[path] = (len(content), content)


def call(*arguments):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.output


def cache(tmp_path):
    """What is in the cache."""
    folder = tmp_path / "cache" / "models"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_fetched_once_and_taken_by_name(server, tmp_path):
    serve(server, f"/{NAME}.tflite")
    status, text = call("models", "fetch", NAME, "--from", server.address)
    path = tmp_path / "cache" / "models" / f"{NAME}.tflite"
    assert (status, text) == (0, f"{path}\n")
    assert cache(tmp_path) == {path.name: CONTENT}
    assert server.asked == [f"/{NAME}.tflite"]
    # Without the network.
    server.files.clear()
    assert call("models", "fetch", NAME, "--from", server.address) == (0, f"{path}\n")
    assert server.asked == [f"/{NAME}.tflite"]
    status, text = call("inspect", NAME)
    assert status == 0
    assert "small: 8 operators, 1,808 multiplications" in text
    status, text = call("run", NAME)
    assert (status, text.startswith("small: 8 operators")) == (0, True)


def test_a_pattern_of_addresses(server, tmp_path):
    serve(server, "/someone/networks/0123456789abcdef/folder/small.tflite")
    pattern = server.address + "/{project}/{version}/{path}"
    assert call("models", "fetch", NAME, "--from", pattern)[0] == 0
    assert cache(tmp_path) == {"small.tflite": CONTENT}
    status, text = call("models", "fetch", OTHER, "--from", pattern)
    assert status == 1
    assert "other: the project does not have the file any more, and its version is not" in text


@pytest.mark.parametrize("place", ["option", "variable"])
def test_all_of_them(server, tmp_path, monkeypatch, place):
    for name in (NAME, OTHER, ZIPPED):
        serve(server, f"/{name}.tflite")
    if place == "variable":
        monkeypatch.setenv("MACAW_MODELS_FROM", f"{server.address}/")
    more = ["--from", server.address] if place == "option" else []
    status, text = call("models", "fetch", "--all", "--json", *more)
    assert status == 0
    assert [each["name"] for each in json.loads(text)] == [NAME, OTHER, ZIPPED]
    assert set(cache(tmp_path)) == {f"{name}.tflite" for name in (NAME, OTHER, ZIPPED)}


def test_a_file_of_an_archive(server, tmp_path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("inner/x.tflite", CONTENT)
        file.writestr("y", b"else")
    serve(server, "/folder/archive.zip", archive.getvalue())
    pattern = server.address + "/{path}"
    assert call("models", "fetch", ZIPPED, "--from", pattern)[0] == 0
    assert cache(tmp_path) == {"zipped.tflite": CONTENT}


@pytest.mark.parametrize("archive", [b"no archive", None])
def test_an_archive_without_the_file(server, tmp_path, archive):
    if archive is None:
        other = io.BytesIO()
        with zipfile.ZipFile(other, "w") as file:
            file.writestr("y", b"else")
        archive = other.getvalue()
    serve(server, "/folder/archive.zip", archive)
    status, text = call("models", "fetch", ZIPPED, "--from", server.address + "/{path}")
    assert status == 1
    assert "zipped must be inner/x.tflite of an archive" in text
    assert cache(tmp_path) == {}


def test_a_damaged_file_is_not_kept(server, tmp_path):
    wrong = bytearray(CONTENT)
    wrong[-1] ^= 1
    serve(server, f"/{NAME}.tflite", bytes(wrong))
    serve(server, f"/{OTHER}.tflite")
    status, text = call("models", "fetch", NAME, OTHER, "--from", server.address)
    assert status == 1
    assert f"must have the SHA-256 {hashlib.sha256(CONTENT).hexdigest()}, not " in text
    # The others are fetched all the same.
    assert set(cache(tmp_path)) == {"other.tflite"}


def test_a_missing_file(server, tmp_path):
    status, text = call("models", "fetch", NAME, "--from", server.address)
    assert status == 1
    assert "small could not be fetched: 404" in text
    assert "try again, or name another place with --from" in text
    assert cache(tmp_path) == {}


def test_an_interrupted_download_leaves_nothing(server, tmp_path):
    server.files[f"/{NAME}.tflite"] = (len(CONTENT), CONTENT[: len(CONTENT) // 2])
    status, text = call("models", "fetch", NAME, "--from", server.address)
    assert status == 1
    assert "small could not be fetched" in text
    assert cache(tmp_path) == {}
    serve(server, f"/{NAME}.tflite")
    assert call("models", "fetch", NAME, "--from", server.address)[0] == 0
    assert cache(tmp_path) == {"small.tflite": CONTENT}


def test_a_file_that_is_damaged_in_the_cache_is_fetched_again(server, tmp_path):
    folder = tmp_path / "cache" / "models"
    folder.mkdir(parents=True)
    (folder / "small.tflite").write_bytes(CONTENT[:-1])
    status, text = call("inspect", NAME)
    assert status == 2
    assert "small is not in the cache: macaw models fetch small" in text
    serve(server, f"/{NAME}.tflite")
    assert call("models", "fetch", NAME, "--from", server.address)[0] == 0
    assert cache(tmp_path) == {"small.tflite": CONTENT}


def test_a_cache_that_cannot_be_written(server, tmp_path):
    serve(server, f"/{NAME}.tflite")
    (tmp_path / "cache").write_text("a file")
    status, text = call("models", "fetch", NAME, "--from", server.address)
    assert status == 2
    assert "cannot be used" in text


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        ([NAME], 2, "Missing option '--from'"),
        (["--from", "x"], 2, "name models, or --all of them"),
        ([NAME, "--all", "--from", "x"], 2, "name models, or --all of them"),
        (["tiny", "--from", "x"], 2, "'tiny' is none of the models: macaw models lists them"),
        ([NAME, "--from", "x{folder}"], 1, "must have no braces but those of {project}, {version}"),
        ([NAME, "--from", "x{path"], 1, "must have no braces but those of {project}, {version}"),
        ([NAME, "--from", "x{path.y}"], 1, "must have no braces but those of {project}"),
        ([NAME, "--from", "nowhere"], 1, "small could not be fetched"),
        ([NAME, "--from", "gopher://127.0.0.1"], 1, "small could not be fetched"),
    ],
)
def test_what_is_refused(tmp_path, arguments, status, sentence):
    found, text = call("models", "fetch", *arguments)
    assert found == status
    assert sentence in text
    assert cache(tmp_path) == {}


def test_the_list(known):
    status, text = call("models")
    assert status == 0
    assert text.splitlines()[:5] == [
        "small",
        "  a network",
        f"  {len(CONTENT):,} bytes, 1,808 multiplications, licence Apache-2.0",
        "  someone/networks at 0123456789ab: folder/small.tflite",
        f"  sha256 {known[0].sha256}",
    ]
    assert "  someone/networks, an earlier version: folder/other.tflite" in text
    found = json.loads(call("models", "--json")[1])
    assert found == [each.as_dict() for each in known]
    assert found[0]["cached"] is None


def test_the_entries_are_those_of_the_files(models, monkeypatch):
    """Every file of the development set has its entry, and the other way round."""
    monkeypatch.undo()
    manifest = json.loads((models / "manifest.json").read_text())["models"]
    entries = job.public_models()
    assert set(entries) == {each["id"] for each in manifest}
    for each in manifest:
        entry, content = entries[each["id"]], (models / each["file"]).read_bytes()
        assert entry.sha256 == hashlib.sha256(content).hexdigest()
        assert (entry.bytes, entry.macs) == (len(content), each["macs"])
        assert (entry.project, entry.version) == (each["source_repo"], each["source_commit"])
        assert each["source_path"].startswith(entry.path)
        assert each["licence"].startswith(entry.licence.split(",")[0])


def test_a_file_comes_before_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).write_bytes(CONTENT)
    assert call("inspect", NAME)[0] == 0


def test_a_name_that_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, text = call("inspect", "smal")
    assert status == 2
    assert "'smal' is neither a file nor a name that macaw models lists" in text
    assert "does not exist" in call("inspect", "smal.tflite")[1]


def test_without_pooch(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pooch", None)
    with pytest.raises(job.FetchError, match=r"fetching needs pooch: pip install macaw\[models\]"):
        job.fetch(replace(model(NAME), version="x"), "http://127.0.0.1")
