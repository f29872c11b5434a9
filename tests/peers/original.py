"""The original design, in Python: one thread, one logger; one job, one set of handlers.

    original.py VARIANT DIR RECORDS

Does the work of src/work.rs with the standard library's logging, and prints `ns N`.
"""

import logging
import os
import sys
import threading
import time

FORMAT = "[%(levelname)s] [%(asctime)s] [job_id] [%(process)d:%(thread)d] - [%(module)s.%(funcName)s] [line:%(lineno)d]: %(message)s"
FILES = (("debug", logging.DEBUG), ("info", logging.INFO), ("error", logging.ERROR))
NAMES = (
    "north/2024-11.csv", "north/2024-12.csv", "south/2024-11.csv", "south/2024-12.csv",
    "east/all-2024.csv", "west/all-2024.csv", "west/all-2023.csv", "totals/latest.csv",
)

loggers = {}


def register_job_logger(root, job_id):
    directory = os.path.join(root, job_id)
    os.mkdir(directory)
    logger = logging.getLogger(job_id)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    for name, level in FILES:
        handler = logging.FileHandler(os.path.join(directory, name + ".log"), encoding="utf-8")
        handler.setLevel(level)
        handler.setFormatter(logging.Formatter(FORMAT.replace("job_id", job_id)))
        logger.addHandler(handler)
    loggers[threading.get_ident()] = logger
    return logger


def release_logger_handlers(logger):
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def get_logger():
    return loggers[threading.get_ident()]


def work(first, end):
    for i in range(first, end):
        mixed = (i * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF) >> 40
        count, name, kind = 1_000_000 + mixed % 9_000_000, NAMES[mixed % 8], i * 37 % 100
        log = get_logger()
        if kind < 27:
            log.debug("block %d of %s: %d bytes read, the checksum is right, on to the next one", i, name, count)
        elif kind < 54:
            log.debug("copied %d bytes of %s to the staging area without a look at what is in them", count, name)
        elif kind < 80:
            log.debug("waited %d microseconds for the lock on %s before step %d could go on", count, name, i)
        elif kind < 97:
            log.info("stored %s after step %d: %d bytes are in the archive and its index", name, i, count)
        elif kind < 99:
            log.warning("step %d on %s took too long; it is tried again with smaller blocks than now", i, name)
        else:
            log.error("the archive refused %s at step %d: there is no room for %d more bytes", name, i, count)


def job(root, number, records):
    logger = register_job_logger(root, "job-%04d" % number)
    work(0, records)
    release_logger_handlers(logger)


def run_threads(targets):
    threads = [threading.Thread(target=target, args=arguments) for target, arguments in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def shared(logger, records):
    loggers[threading.get_ident()] = logger
    work(0, records)


def main():
    variant, root, records = sys.argv[1], sys.argv[2], int(sys.argv[3])
    began = time.perf_counter_ns()
    if variant in ("a", "b", "c"):
        jobs = {"a": 1, "b": 2, "c": 8}[variant]
        run_threads([(job, (root, number, records // jobs)) for number in range(1, jobs + 1)])
    elif variant == "d":
        for number in range(1, records // 100 + 1):
            job(root, number, 100)
    elif variant == "e":
        logger = register_job_logger(root, "job-0001")
        run_threads([(shared, (logger, records // 2))] * 2)
        release_logger_handlers(logger)
    else:
        sys.exit("no such variant: " + variant)
    print("ns", time.perf_counter_ns() - began)


main()
