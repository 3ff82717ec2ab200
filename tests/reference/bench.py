#!/usr/bin/env python3
"""Measures this project's world beside the reference: the same seeds, the same
actions, one core each, in turns. Prints a table in Markdown.

    tests/reference/bench.py                    # five runs, some six minutes
    tests/reference/bench.py --runs 1 --json    # all figures as JSON

The reference is installed as by compare.py, and measured as it is: without
numba, which it does not ask for. Without images, its night noise is still drawn,
for that is part of the game.
"""

import argparse
import json
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# As in env-crafter/benches/table.rs.
SEEDS = range(32)
LONG_SEEDS = range(2)
LONG_STEPS = 600

# What is shown: the figure's name, its label, how it is written, and whether
# more is better.
RATE = '{:,.0f} /s'.format
ROWS = [
    ('step', 'step, episodes of a random player', RATE, True),
    ('step_long', 'step, played on after death: 42 % night', RATE, True),
    ('image', 'step with a 64×64 image', RATE, True),
    ('image_long', 'step with a 64×64 image, played on', RATE, True),
    ('many', 'step of many worlds, resets included', RATE, True),
    ('reset', 'reset', lambda s: f'{1e3 * s:.2f} ms' if s < 0.01 else f'{1e3 * s:.0f} ms', False),
    ('memory', 'memory of a world', lambda b: f'{b / 1024:.1f} KB', False),
    ('allocations', 'allocations in an episode after its reset', str, False),
]


def reference():
  """The reference's figures, measured in this process."""
  import crafter
  from crafter_oracle import RandomPolicy
  resets = []

  def play(seed, steps, image):
    env = crafter.Env(seed=seed)
    if not image:
      size = tuple(env._local_view._grid * (env._size // env._view))
      def draw_noise_only():
        if env._world.daylight < 0.5:
          env._world.random.uniform(32, 127, size)
      env._obs = draw_noise_only
    start = time.perf_counter()
    env.reset()
    resets.append(time.perf_counter() - start)
    player = RandomPolicy(seed)
    count = 0
    start = time.perf_counter()
    while steps is None or count < steps:
      done = env.step(player(env))[2]
      count += 1
      if done and steps is None:
        break
    return count, time.perf_counter() - start

  def rate(seeds, steps, image):
    counts, times = zip(*[play(seed, steps, image) for seed in seeds])
    return sum(counts) / sum(times)

  plain = [play(seed, None, False) for seed in SEEDS]
  steps, seconds = map(sum, zip(*plain))
  figures = {
      'step': steps / seconds,
      'image': rate(SEEDS, None, True),
      'step_long': rate(LONG_SEEDS, LONG_STEPS, False),
      'image_long': rate(LONG_SEEDS, LONG_STEPS, True),
  }
  figures['reset'] = statistics.median(resets)
  figures['many'] = steps / (seconds + len(SEEDS) * figures['reset'])
  return figures


def processor():
  try:
    cpuinfo = pathlib.Path('/proc/cpuinfo').read_text()
    return re.search(r'model name\s*: (.*)', cpuinfo)[1]
  except (OSError, TypeError):
    return platform.processor() or platform.machine()


def last_line(command):
  result = subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE)
  return json.loads(result.stdout.strip().splitlines()[-1])


def main():
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument('--runs', type=int, default=5, help='of which the median is taken')
  parser.add_argument('--json', action='store_true', help='print every figure as JSON')
  parser.add_argument('--python', help='a Python with the reference installed')
  parser.add_argument('--reference', action='store_true', help=argparse.SUPPRESS)
  args = parser.parse_args()
  if args.reference:
    print(json.dumps(reference()))
    return
  if args.runs < 1:
    parser.error('--runs: at least one')
  from compare import reference_python
  python = args.python or reference_python()
  ours = ['cargo', 'bench', '--quiet', '-p', 'env-crafter', '--bench', 'table']
  print('building the bench', file=sys.stderr)
  subprocess.run(ours + ['--no-run'], cwd=ROOT, check=True)
  runs = []
  for i in range(args.runs):
    print(f'run {i + 1} of {args.runs}', file=sys.stderr)
    theirs = last_line([python, HERE / 'bench.py', '--reference'])
    runs.append({'reference': theirs, 'here': last_line(ours)})
  if args.json:
    print(json.dumps({'processor': processor(), 'runs': runs}, indent=2))
    return
  print(f'Median of {args.runs} runs on one core of {processor()}:\n')
  print('| one core | reference | here | ratio |\n|:--|--:|--:|--:|')
  for key, label, write, more_is_better in ROWS:
    here = statistics.median(run['here'][key] for run in runs)
    if key not in theirs:
      print(f'| {label} | | {write(here)} | |')
      continue
    there = statistics.median(run['reference'][key] for run in runs)
    ratio = here / there if more_is_better else there / here
    print(f'| {label} | {write(there)} | {write(here)} | {ratio:,.0f} × |')


if __name__ == '__main__':
  main()
