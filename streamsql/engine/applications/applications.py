"""The applications of an engine, stepped in turn by one loop."""

from collections.abc import Iterator

from streamsql.engine.applications.application import Application


class Applications:
    """Applications by id, stepped in turn by one loop: when one fails the others go on."""

    def __init__(self) -> None:
        self._running: dict[str, Application] = {}

    def __iter__(self) -> Iterator[Application]:
        return iter(tuple(self._running.values()))

    def __len__(self) -> int:
        return len(self._running)

    def get(self, identity: str) -> Application | None:
        """Return the application of that id, if there is one."""
        return self._running.get(identity)

    def add(self, identity: str, application: Application) -> None:
        """Step the application from now on; if it has not been started, that comes first."""
        self._running[identity] = application

    def drop(self, identity: str) -> None:
        """Step the application, which does not run, no more."""
        del self._running[identity]

    def forget(self, identity: str) -> None:
        """End the application for good."""
        application = self._running.pop(identity, None)
        if application is not None:
            application.forget()

    def forget_all(self) -> None:
        """End every application for good."""
        for identity in tuple(self._running):
            self.forget(identity)

    def step(self, timeout_ms: int) -> int:
        """Let all work; when none had anything to do, wait in one of them."""
        done = sum(application.step(0) for application in self)
        if not done and timeout_ms > 0 and self._running:
            share = max(1, timeout_ms // len(self._running))
            for application in self:
                done += application.step(share)
                if done:
                    break
        return done

    def failure(self) -> Exception | None:
        """Return why an application does not run, if one does not."""
        return next((each.error for each in self if each.error is not None), None)

    def stop(self) -> None:
        """Stop all; they can go on where they stopped."""
        for application in self:
            application.stop()
        self._running.clear()
