"""Fetches many objects of a bucket at once, and hands them on in the order of their names."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from itertools import islice
from typing import IO, Any, Final, TypeVar

AT_ONCE: Final = 32
"""Requests at the same time; a client of boto3's has to have as many connections."""
_BYTES_AT_ONCE: Final = 64 * 1024 * 1024
_STREAMED: Final = 16 * 1024 * 1024
"""An object of this size or more is read while it arrives, and not held as a whole."""
_BATCH_SIZE: Final = 1024
Question = TypeVar("Question")
Reply = TypeVar("Reply")
Item = Mapping[str, Any]
"""What ListObjectsV2 says of an object."""


def fetch_in_order(
    get: Callable[[Item], IO[bytes]], items: Iterable[Item]
) -> Iterator[tuple[Item, IO[bytes]]]:
    """Yield each item with its content, in the order of `items`; `get` asks S3 for it.

    Raises what `get` raises."""
    waiting: deque[tuple[Item, Future[IO[bytes]]]] = deque()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for item in items:
            while waiting and not _fits(item, waiting):
                yield _first(waiting)
            waiting.append((item, pool.submit(_held, get, item)))
        while waiting:
            yield _first(waiting)


def each_in_order(
    request: Callable[[Question], Reply], questions: Iterable[Question]
) -> Iterator[tuple[Question, Reply]]:
    """Yield each question with its answer, in order; many threads call `request` at once.

    Raises what `request` raises."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = iter(questions)
        while some := list(islice(waiting, _BATCH_SIZE)):
            yield from zip(some, pool.map(request, some), strict=True)


def _fits(item: Item, waiting: deque[tuple[Item, Future[IO[bytes]]]]) -> bool:
    held = sum(item["Size"] for item, _ in waiting)
    return len(waiting) < AT_ONCE and held + item["Size"] <= _BYTES_AT_ONCE


def _held(get: Callable[[Item], IO[bytes]], item: Item) -> IO[bytes]:
    content = get(item)
    return content if item["Size"] >= _STREAMED else BytesIO(content.read())


def _first(waiting: deque[tuple[Item, Future[IO[bytes]]]]) -> tuple[Item, IO[bytes]]:
    item, content = waiting.popleft()
    return item, content.result()
