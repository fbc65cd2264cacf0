"""`python -m local.offline --host 127.0.0.1 --port PORT`: the offline model as a process."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from aiohttp import web

from local.offline import rates
from local.offline.server import CONTEXT_TOKENS, OfflineModel


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(
        prog="python -m local.offline",
        description="A labelled, deterministic stand-in for the Messages API; no language model.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one, told on the first line")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="added to every answer")
    parser.add_argument(
        "--context-tokens", type=int, default=CONTEXT_TOKENS, help="a longer prompt is refused"
    )
    parser.add_argument(
        "--rates",
        type=rates.parse,
        default=rates.BOUNDLESS,
        help="REQUESTS/INPUT/OUTPUT, tokens, that a minute allows for each model; what is more gets 429",
    )
    parser.add_argument("--batch-seconds", type=float, default=2.0, help="how long a batch takes")
    parser.add_argument("--batches", type=Path, help="a directory that keeps them beyond this process")
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    options = parser.parse_args(arguments)
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    model = OfflineModel(
        latency=options.latency_ms / 1000,
        context_tokens=options.context_tokens,
        rates=options.rates,
        batch_seconds=options.batch_seconds,
        batches=options.batches,
    )
    return _serve(model, options.host, options.port)


def _serve(model: OfflineModel, host: str, port: int) -> int:
    import asyncio
    import signal

    async def serve() -> int:
        # Calls that hang must not hold up the end.
        runner = web.AppRunner(
            model.application(), access_log=None, shutdown_timeout=0.5, handler_cancellation=True
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as problem:
            await runner.cleanup()
            sys.stderr.write(f"The offline model cannot listen on {host}:{port}: {problem.strerror}\n")
            return 1
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        bound = runner.addresses[0][1]
        sys.stdout.write(f"offline model (a stand-in, not Claude) http://{host}:{bound}\n")
        sys.stdout.flush()
        await ended.wait()
        await runner.cleanup()
        return 0

    return asyncio.run(serve())


if __name__ == "__main__":
    raise SystemExit(main())
