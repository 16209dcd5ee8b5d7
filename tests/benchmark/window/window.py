#!/usr/bin/env python3
"""How quickly the window starts and how soon a sample is drawn, measured on the real programs, drawn offscreen.

  window.py BIN_FOLDER FILL_HISTORY DATASETS
start     milliseconds from the start of the process to the first frame that answers, with 1,000 runs in the history
latency   milliseconds from a sample's journal time to the frame that shows it, while the smoke recipe trains
"""
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

STARTS = 9


def environment(home):
    return {**os.environ, "ATHANOR_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}


def stop_agent(home):
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if b"athanor-agent" in (folder / "cmdline").read_bytes() and str(home).encode() in (folder / "environ").read_bytes():
                os.kill(int(folder.name), signal.SIGTERM)
        except OSError:
            pass


def measure_start(programs, fill_runs, folder):
    home = folder / "history"
    subprocess.run([fill_runs, home, "1000", "400"], check=True)
    milliseconds = []
    for _ in range(STARTS + 1):
        told = subprocess.run([programs / "athanor", "--startup-time", "--page", "runs"], env=environment(home),
                              capture_output=True, text=True, check=True).stderr
        milliseconds.append(float(re.search(r"interactive after (\d+) ms", told)[1]))
    stop_agent(home)
    return milliseconds[1:]


def measure_latency(programs, datasets, folder):
    home = folder / "live"
    home.mkdir()
    (home / "datasets").symlink_to(datasets)
    root = pathlib.Path(__file__).resolve().parents[3]
    recipe = folder / "followed.toml"
    text = (root / "experiments/smoke.toml").read_text()
    recipe.write_text(re.sub(r"(?m)^steps = \d+", "steps = 400", text))
    subprocess.run([programs / "athanor-agent", "enqueue", recipe], env=environment(home), check=True, stdout=subprocess.DEVNULL)
    with open(folder / "drawn.txt", "w+") as told:
        window = subprocess.Popen([programs / "athanor", "--trace-latency", "--page", "live", "--run", "1"],
                                  env=environment(home), stderr=told)
        subprocess.run([programs / "athanor-agent", "wait", "1"], env=environment(home), check=True, stdout=subprocess.DEVNULL)
        time.sleep(1)
        window.terminate()
        window.wait()
        told.seek(0)
        drawn = [float(value) for value in re.findall(r"drawn train/loss step \d+ after ([\d.]+) ms", told.read())]
    stop_agent(home)
    return drawn[5:]


def report(name, values, must):
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(f"  {name:30} median {statistics.median(ordered):7.1f} ms   95 % {p95:7.1f} ms   worst {ordered[-1]:7.1f} ms"
          f"   of {len(ordered)}   must {must}")


def main():
    programs, fill_runs, datasets = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
    print("window, drawn offscreen")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        report("start, 1,000 runs", measure_start(programs, fill_runs, folder), "<= 500 ms")
        report("sample written to drawn", measure_latency(programs, datasets, folder), "<= 200 ms")


if __name__ == "__main__":
    main()
