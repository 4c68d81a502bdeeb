# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A browser without a window, told by Chromium's protocol over a pair of pipes what to do."""

import base64
import json
import os
import subprocess
import time
from pathlib import Path

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--remote-debugging-pipe", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


class Browser:
    """One page in a browser; ``complaints`` are what it logs, ``requests`` what the page asks for
    beside itself."""

    def __init__(self, program: str, profile: Path, *, seconds: float = 120):
        from_here, to_browser = os.pipe()
        from_browser, to_here = os.pipe()

        def place() -> None:
            """The browser reads from descriptor 3 and writes to 4."""
            ends = [os.dup(end) for end in (from_here, to_here)]
            for end, descriptor in zip(ends, (3, 4), strict=True):
                os.dup2(end, descriptor)

        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}"],
            preexec_fn=place,
            pass_fds=(3, 4),
            stderr=subprocess.DEVNULL,
        )
        os.close(from_here)
        os.close(to_here)
        self._out, self._in = to_browser, from_browser
        os.set_blocking(self._in, False)
        self._seconds, self._count, self._session, self._rest = seconds, 0, None, b""
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._session = None
        self.call("Browser.close")
        os.close(self._out)
        os.close(self._in)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def call(self, method: str, **parameters):
        """What the browser answers."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self._seconds
        while time.monotonic() < deadline:
            for answer in self._messages():
                self._note(answer)
                if answer.get("id") == self._count:
                    if "error" in answer:
                        raise RuntimeError(f"{method}: {answer['error']['message']}")
                    return answer["result"]
        raise TimeoutError(method)

    def _messages(self):
        try:
            self._rest += os.read(self._in, 1 << 20)
        except BlockingIOError:
            time.sleep(0.01)
        *whole, self._rest = self._rest.split(b"\0")
        return [json.loads(each) for each in whole]

    def _note(self, message) -> None:
        parameters = message.get("params", {})
        match message.get("method"):
            case "Runtime.consoleAPICalled":
                self.complaints += [str(each.get("value")) for each in parameters["args"]]
            case "Runtime.exceptionThrown":
                self.complaints.append(str(parameters["exceptionDetails"]))
            case "Log.entryAdded":
                self.complaints.append(parameters["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])

    def look(self, path: Path, width: int, height: int, *, dark: bool = False) -> None:
        """Opens a page in a window of this size, and waits until its pictures are drawn.

        Raises ``TimeoutError`` where they are not, and as soon as the browser complains.
        """
        self.complaints, self.requests = [], []
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[theme])
        self.call("Page.navigate", url=path.as_uri())
        self.wait_for("document.documentElement.dataset.drawn === 'yes'")

    def value(self, expression: str):
        """What a line of JavaScript says in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.value(expression):
            if time.monotonic() > deadline or self.complaints:
                raise TimeoutError(f"not so: {expression} {self.complaints}")
            time.sleep(0.05)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Moves the mouse with its button held."""
        steps = [("mouseMoved", start, 0), ("mousePressed", start, 1)]
        for part in (0.3, 0.6, 1.0):
            between = tuple(a + part * (b - a) for a, b in zip(start, end, strict=True))
            steps.append(("mouseMoved", between, 1))
        for kind, (x, y), buttons in [*steps, ("mouseReleased", end, 0)]:
            self.call(
                "Input.dispatchMouseEvent",
                type=kind, x=x, y=y, buttons=buttons, button="left", clickCount=1,
            )  # fmt: skip

    def picture(self) -> bytes:
        """The whole page as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        answer = self.call(
            "Page.captureScreenshot", captureBeyondViewport=True, clip=size | {"scale": 1}
        )
        return base64.b64decode(answer["data"])
