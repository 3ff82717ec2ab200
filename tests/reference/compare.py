#!/usr/bin/env python3
"""Plays seeds nobody has seen in the reference and in this project's world,
and says how many steps agreed: hidden counters, random state and images.

    tests/reference/compare.py                  # ten fresh seeds
    tests/reference/compare.py --seeds 100 --steps 3000

The reference is installed in a virtual environment under target/ (from PyPI,
versions in requirements.txt). A seed of 1,000 steps takes the reference up to
half a minute, most of it for making worlds. Each seed is played under another policy, with
the reference's textures and with this project's, night noise from the world's
stream and from one of its own, and in other areas, views and sizes. What the
world prints for the first seed, the reference's oracle verifies in turn.
"""

import argparse
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TEXTURES = ROOT / 'env-crafter' / 'textures'
POLICIES = ['random'] + [f'heuristic:{mode}' for mode in (
    'full', 'sleeper', 'lava', 'archer', 'border', 'farmer', 'digger', 'waker')]
SHAPES = ['', '', '--area 40 56 --view 7 9 --size 100 84',
          '--area 90 33 --view 11 10 --size 121 133', '--view 8 8 --size 96 64']


def reference_python():
  """The Python that has the reference, installed at the first use."""
  directory = ROOT / 'target' / 'reference-venv'
  python = directory / 'bin' / 'python'
  if not python.exists():
    print('installing the reference in', directory)
    venv.create(directory, with_pip=True)
    subprocess.run([python, '-m', 'pip', 'install', '--quiet', '-r',
                    HERE / 'requirements.txt'], check=True)
  return python


def assets(python):
  code = 'import crafter, pathlib; print(pathlib.Path(crafter.__file__).parent / "assets")'
  return subprocess.run([python, '-c', code], check=True, capture_output=True,
                        text=True).stdout.strip()


def main():
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
  parser.add_argument('--seeds', type=int, default=10, help='how many')
  parser.add_argument('--steps', type=int, default=1000, help='per seed')
  parser.add_argument('--first', type=int, help='use this seed and the ones after it')
  parser.add_argument('--python', help='a Python with the reference installed')
  args = parser.parse_args()
  if args.seeds < 1 or args.steps < 1:
    parser.error('--seeds and --steps: at least 1')
  if args.first is not None and not 0 <= args.first <= 2 ** 64 - args.seeds:
    parser.error('--first: seeds are numbers from 0 to 2^64 - 1')
  if args.python and not shutil.which(args.python):
    parser.error(f'--python: there is no program {args.python}')
  python = args.python or reference_python()
  subprocess.run(['cargo', 'build', '--quiet', '-p', 'env-crafter', '--example', 'trace'],
                 cwd=ROOT, check=True)
  metadata = subprocess.run(['cargo', 'metadata', '--format-version', '1', '--no-deps'],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout
  target = pathlib.Path(re.search(r'"target_directory":"([^"]+)"', metadata)[1])
  trace = target / 'debug' / 'examples' / 'trace'
  theirs = assets(python)
  fresh = random.SystemRandom()
  steps, images, failed = 0, 0, 0
  with tempfile.TemporaryDirectory() as directory:
    for i in range(args.seeds):
      seed = fresh.randrange(2 ** 64) if args.first is None else args.first + i
      settings = ['--seed', str(seed), '--steps', str(args.steps),
                  '--total-steps', str(args.steps), '--episodes', '50',
                  '--policy', POLICIES[i % len(POLICIES)]]
      settings += SHAPES[i // 2 % len(SHAPES)].split()
      settings += ['--noise', 'separate'] if i % 3 == 2 else []
      own = i % 2 == 1
      settings += ['--textures', str(TEXTURES)] if own else []
      file = pathlib.Path(directory) / f'{seed}.jsonl.gz'
      subprocess.run([python, HERE / 'crafter_oracle.py', 'trace', '--quiet', '--out',
                      file, *settings], check=True)
      check = [trace, '--check', file] + ([] if own else ['--textures', theirs])
      result = subprocess.run(check, capture_output=True, text=True)
      counts = re.search(r'compared: (\d+) steps or worlds, (\d+) images', result.stdout)
      last = (result.stdout + result.stderr).strip().splitlines()[-1]
      steps += int(counts[1]) if counts else 0
      images += int(counts[2]) if counts else 0
      failed += result.returncode != 0
      print(' '.join(settings), '->', last, flush=True)
      if i == 0:
        printed = pathlib.Path(directory) / f'{seed}_printed.jsonl'
        subprocess.run([trace, '--like', file, '--out', printed,
                        '--textures', TEXTURES if own else theirs], check=True)
        verify = [python, HERE / 'crafter_oracle.py', 'verify', '--quiet', printed]
        verify += ['--textures', str(TEXTURES)] if own else []
        result = subprocess.run(verify, capture_output=True, text=True)
        failed += result.returncode != 0
        print('verified by the oracle ->',
              (result.stdout + result.stderr).strip().splitlines()[-1], flush=True)
  print(f'{steps} steps and {images} images of {args.seeds} seeds agree; '
        f'{failed} seeds differ')
  return 1 if failed else 0


if __name__ == '__main__':
  sys.exit(main())
