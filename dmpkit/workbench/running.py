"""Run a notebook in a fresh kernel, and be sure that the kernel is gone afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dmpkit.errors import DataError
from dmpkit.writing import unfinished_folder

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["NotebookRun", "read_notebook", "run_notebook", "wait_for"]

T = TypeVar("T")


@dataclass(frozen=True)
class NotebookRun:
    """What happened to a notebook.

    Parameters
    ----------
    notebook : NotebookNode
        The notebook with the outputs that came.
    problem : str
        Why it did not run to its end; empty when it did. Cells that failed
        are not a problem in this sense: their errors stand in the outputs.
    seconds : float
        How long it took.
    """

    notebook: NotebookNode
    problem: str
    seconds: float


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook.

    Raises
    ------
    DataError
        When the file is not a notebook.
    """
    import warnings

    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of cells without an id, as older programs write
            notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call, unused-ignore]
    except Exception as error:  # nbformat raises errors of many kinds
        said = str(error).partition("\n")[0][:200]
        what = said if "JSON" in said or "version" in said else type(error).__name__
        raise DataError(
            f"This is not a notebook: {what}.",
            file=path,
            remedy="Open it in JupyterLab and save it, or take it from a backup.",
        ) from error
    return notebook


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also where an event loop is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def run_notebook(
    path: Path,
    *,
    deadline: float,
    environment: Mapping[str, str] | None = None,
    scratch: Path | None = None,
    on_cell: Callable[[int], None] | None = None,
) -> NotebookRun:
    """Run all cells of a notebook in a new kernel of this Python.

    A cell that fails does not stop those after it. The kernel starts in an
    empty folder and is ended, with all processes that it has started, when the
    notebook is done, dies or passes its deadline.

    Parameters
    ----------
    path : path
        The notebook; it is not changed.
    deadline : float
        Seconds for the whole notebook, from the start of its kernel.
    environment : mapping, optional
        Variables added to the kernel's environment.
    scratch : path, optional
        Folder below which the kernel's working folder is made.
    on_cell : callable, optional
        Called with the number of code cells done, after each.
    """
    notebook = read_notebook(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    started = time.monotonic()
    below = scratch or Path(tempfile.gettempdir())
    progress = _Progress(on_cell)
    with unfinished_folder(below.resolve() / path.stem, work=True) as work:
        problem = await _execute(notebook, work, dict(environment or {}), deadline, progress)
    return NotebookRun(notebook, problem, time.monotonic() - started)


class _Progress:
    """Which code cell is running, counted from 1."""

    def __init__(self, on_cell: Callable[[int], None] | None) -> None:
        self.cell = 0
        self.on_cell = on_cell

    def started(self, cell: Any, cell_index: int) -> None:
        self.cell += 1

    def done(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        if self.on_cell is not None:
            self.on_cell(self.cell)

    def __str__(self) -> str:
        return f"in code cell {self.cell}" if self.cell else "before the first cell"


async def _execute(
    notebook: NotebookNode,
    work: Path,
    environment: dict[str, str],
    deadline: float,
    progress: _Progress,
) -> str:
    from nbclient.exceptions import DeadKernelError

    async with _kernel(work, environment) as manager:
        client = _client_class()(
            notebook,
            km=manager,
            timeout=None,
            startup_timeout=max(int(deadline), 1),
            allow_errors=True,
            record_timing=False,
            coalesce_streams=True,
            on_cell_execute=progress.started,
            on_cell_executed=progress.done,
        )
        work_done = asyncio.ensure_future(client.async_execute())
        # an interrupted run looks at its outcome nowhere else
        work_done.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            await asyncio.wait_for(work_done, timeout=deadline)
        except (TimeoutError, DeadKernelError):
            this = asyncio.current_task()
            if this is not None and this.cancelling():  # stopped by the user, not by the clock
                raise asyncio.CancelledError from None
            # nbclient takes its own cancelling for the kernel's death: ask the kernel
            if not await manager.is_alive():
                return f"the kernel died {progress}"
            return (
                f"not finished after {deadline:g} s ({progress}); the kernel was ended. "
                "Give it more time with --deadline."
            )
        except RuntimeError as error:
            said = (work / "kernel.log").read_text(encoding="utf-8", errors="replace")
            last = said.strip().splitlines()[-1:] or [str(error)]
            return f"the kernel did not start: {last[0]}"
    return ""


def _client_class() -> type:
    """An nbclient that leaves signals and the kernel's life to us."""
    from nbclient import NotebookClient

    class Client(NotebookClient):  # type: ignore[misc, unused-ignore]
        @asynccontextmanager
        async def async_setup_kernel(self, **kwargs: Any) -> AsyncIterator[None]:
            await self.async_start_new_kernel_client()
            try:
                yield
            finally:
                if self.kc is not None:
                    self.kc.stop_channels()
                    self.kc = None

    return Client


@asynccontextmanager
async def _kernel(work: Path, environment: dict[str, str]) -> AsyncIterator[Any]:
    """A kernel of this very Python, whatever kernels the user has installed."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    manager = AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
        connection_file=str(work / "kernel.json"),  # gone with the folder
    )
    with (work / "kernel.log").open("wb") as log:
        await manager.start_kernel(
            extra_arguments=["--HistoryManager.enabled=False"],
            env=kernel_environment(work, environment),
            cwd=str(work),
            stdout=log,
            stderr=log,
        )
        pid: int | None = getattr(manager.provisioner, "pid", None)
        try:
            yield manager
        finally:
            await asyncio.shield(_end(manager, pid))


async def _end(manager: Any, pid: int | None) -> None:
    """End the kernel and whatever it has started."""
    children = _descendants(pid)
    with suppress(Exception):  # the kernel may be gone, which is what is wanted
        await manager.shutdown_kernel(now=True)
    if pid is not None and hasattr(os, "killpg"):
        # the kernel is the leader of its own process group
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
    for child in children:
        with suppress(Exception):
            child.kill()


def _descendants(pid: int | None) -> list[Any]:
    """The processes that a kernel has started, also those in other groups."""
    import psutil  # type: ignore[import-untyped, unused-ignore]

    try:
        return psutil.Process(pid).children(recursive=True) if pid is not None else []
    except psutil.Error:
        return []


def kernel_environment(work: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a kernel: this one, made independent of the user's profile."""
    environment = {**os.environ, "IPYTHONDIR": str(work / "ipython"), "TQDM_DISABLE": "1"}
    environment.setdefault("PYTHONHASHSEED", "0")
    package = Path(__file__).resolve().parents[2]
    if package.name not in {"site-packages", "dist-packages"}:
        paths = [str(package), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    if sys.platform == "linux":
        environment.setdefault("PYTHONFAULTHANDLER", "1")
    return {**environment, **more}
