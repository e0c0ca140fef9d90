# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Launch scripts: what they pass to msrun, shown by running them, and what of them stays."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from torch2ms import cli, launch_table, plan, scripts

# Writes the arguments of each call as one line of JSON.
STUB = """#!{python}
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
"""


@pytest.fixture
def run_script(tmp_path):
    """Run a script with stubs for the launchers on its path; gives each call's arguments."""
    log = tmp_path / "calls"
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("msrun", "torchrun", "srun", "python", "ssh"):
        (tools / name).write_text(STUB.format(python=sys.executable, log=str(log)))
        (tools / name).chmod(0o755)

    def run(text, **environment):
        path = tmp_path / "script.sh"
        path.write_text(text)
        subprocess.run(["bash", "-n", path], check=True)
        log.write_text("")
        found = os.environ["PATH"]
        subprocess.run(
            ["bash", path],
            cwd=tmp_path,
            env={"PATH": f"{tools}:{found}", **environment},
            check=True,
        )
        return [json.loads(line) for line in log.read_text().splitlines()]

    return run


def converted(text):
    after, result = scripts.convert(text.encode(), "run.sh")
    assert [f for f in result.findings if f.kind == "unconverted"] == []
    assert after.count(b"\n") == text.count("\n")
    again, _ = scripts.convert(after, "run.sh")
    assert again == after
    return after.decode()


def counts(local, total):
    return ["--local_worker_num", str(local), "--worker_num", str(total)]


# Script, environment, arguments of msrun behind --join=True.
RUN = {
    "flags inline": (
        "torchrun --nproc_per_node 8 --nnodes 2 --node_rank 1 --master_addr h --master_port 6000"
        " train.py --lr 1\n",
        {},
        "--local_worker_num 8 --worker_num 16 --node_rank 1 --master_addr h --master_port 6000"
        " train.py --lr 1",
    ),
    "flags with an equals sign and dashes": (
        'torchrun --nproc-per-node=8 --nnodes="$M" --node-rank=$R train.py\n',
        {"M": "3", "R": "2"},
        "--local_worker_num=8 --worker_num=24 --node_rank=2 train.py",
    ),
    "one node": (
        "torchrun --nproc_per_node=4 train.py\n",
        {},
        "--local_worker_num=4 --worker_num=4 train.py",
    ),
    "nodes alone": (
        "torchrun --nnodes=4 train.py\n",
        {},
        "--local_worker_num=1 --worker_num=4 train.py",
    ),
    "no flags": ("torchrun t.py\n", {}, "--worker_num=1 --local_worker_num=1 t.py"),
    "python -m torch.distributed.launch": (
        "python -m torch.distributed.launch --use_env --nproc_per_node 2 train.py\n",
        {},
        "--local_worker_num 2 --worker_num 2 train.py",
    ),
    "python3 -m torch.distributed.run over lines": (
        "python3 -m \\\n  torch.distributed.run \\\n  --nproc_per_node 2 \\\n  train.py \\\n  a\n",
        {},
        "--local_worker_num 2 --worker_num 2 train.py a",
    ),
    "a quoted string of several lines": (
        'ARGS="\n    --nproc_per_node $N \\\n    --nnodes $M\n"\ntorchrun $ARGS train.py $ARGS2\n',
        {"N": "8", "M": "2"},
        "--local_worker_num 8 --worker_num 16 train.py",
    ),
    "an array with comments": (
        "N=8\nARGS=(\n  --nproc_per_node $N # torchrun\n  --nnodes ${M:-2}\n)\n"
        'torchrun "${ARGS[@]}" train.py\n',
        {},
        "--local_worker_num 8 --worker_num 16 train.py",
    ),
    "an array of joined flags in quotes": (
        'ARGS=("--nproc_per_node=$N" "--rdzv_endpoint=$A:29500")\ntorchrun ${ARGS[@]} train.py\n',
        {"N": "8", "A": "h"},
        "--local_worker_num=8 --worker_num=8 --master_addr=h --master_port=29500 train.py",
    ),
    "a computed number of nodes": (
        "torchrun --nproc_per_node 8 --nnodes $((A*B)) train.py\n",
        {"A": "2", "B": "3"},
        "--local_worker_num 8 --worker_num 48 train.py",
    ),
    "a computed number of processes": (
        "torchrun --nproc_per_node=$((TP * PP)) --nnodes=$M train.py\n",
        {"TP": "2", "PP": "3", "M": "2"},
        "--local_worker_num=6 --worker_num=12 train.py",
    ),
    "a variable in a variable": (
        'COUNTS="--nproc_per_node 4"\nARGS="$COUNTS --node_rank 0"\ntorchrun $ARGS train.py\n',
        {},
        "--local_worker_num 4 --worker_num 4 --node_rank 0 train.py",
    ),
    "counts in two variables": (
        'A="--nproc_per_node $N"\nB="--nnodes $M"\ntorchrun $A $B train.py\n',
        {"N": "4", "M": "2"},
        "--local_worker_num 4 --worker_num 8 train.py",
    ),
    "one value or another": (
        'if [ -n "$M" ]; then ARGS="--nproc_per_node 8 --nnodes $M"; else\n'
        'ARGS="--nproc_per_node 8"; fi\ntorchrun $ARGS train.py\n',
        {"M": "2"},
        "--local_worker_num 8 --worker_num 16 train.py",
    ),
    "options appended": (
        'ARGS=(--nproc_per_node 8)\n[ -n "$R" ] && ARGS+=(--node-rank $R)\n'
        'torchrun "${ARGS[@]}" train.py\n',
        {"R": "1"},
        "--local_worker_num 8 --worker_num 8 --node_rank 1 train.py",
    ),
    "a string appended to itself": (
        'ARGS="--nproc_per_node 8"\nARGS="$ARGS --nnodes 2"\ntorchrun $ARGS train.py\n',
        {},
        "--local_worker_num 8 --worker_num 16 train.py",
    ),
    "the launcher in a variable": (
        "LAUNCHER=torchrun\n$LAUNCHER --nproc_per_node 8 train.py\n",
        {},
        "--local_worker_num 8 --worker_num 8 train.py",
    ),
    "the launch in a variable": (
        'L="python -m torch.distributed.run --nproc_per_node 8"\n$L --node_rank 0 train.py\n',
        {},
        "--local_worker_num 8 --worker_num 8 --node_rank 0 train.py",
    ),
    "a command in an array": (
        'CMD=(torchrun --nproc_per_node 8 train.py)\n"${CMD[@]}"\n',
        {},
        "--local_worker_num 8 --worker_num 8 train.py",
    ),
    "commands in an array of strings": (
        'CMDS=("torchrun --nproc_per_node 8 train.py")\neval "${CMDS[0]}"\n',
        {},
        "--local_worker_num 8 --worker_num 8 train.py",
    ),
    "a command in a variable": (
        'ARGS="--nproc_per_node 8"\nCMD="torchrun $ARGS train.py"\necho "$CMD"\neval "$CMD"\n',
        {},
        "--local_worker_num 8 --worker_num 8 train.py",
    ),
    "bash -c": (
        'bash -c "torchrun --nproc_per_node \\$N --nnodes $M train.py"\n',
        {"N": "8", "M": "2"},
        "--local_worker_num 8 --worker_num 16 train.py",
    ),
    "a here-document that is a script": (
        "cat > job.sh <<EOF\ntorchrun --nproc_per_node \\$N --nnodes $M train.py\nEOF\n"
        "bash job.sh\n",
        {"N": "8", "M": "2"},
        "--local_worker_num 8 --worker_num 16 train.py",
    ),
    "a quoted here-document": (
        "bash <<'EOF'\ntorchrun --nproc_per_node $N --nnodes $M train.py\nEOF\n",
        {"N": "8", "M": "2"},
        "--local_worker_num 8 --worker_num 16 train.py",
    ),
    "options in a here-document": (
        "read -r -d '' ARGS <<EOF\n--nproc_per_node $N\n--nnodes 2\nEOF\ntorchrun $ARGS train.py\n",
        {"N": "8"},
        "--local_worker_num 8 --worker_num 16 train.py",
    ),
    "options printed by cat": (
        "ARGS=$(cat <<EOF\n--nproc_per_node 8\n--nnodes 2\nEOF\n)\ntorchrun $ARGS train.py\n",
        {},
        "--local_worker_num 8 --worker_num 16 train.py",
    ),
    "a function and a background job": (
        "launch() {\n  for i in 1; do torchrun --nproc_per_node 8 train.py & done\n  wait\n}\n"
        "launch\n",
        {},
        "--local_worker_num 8 --worker_num 8 train.py",
    ),
    "a substitution": (
        "x=$(torchrun --nproc_per_node 8 train.py 2>&1 | tail -1)\n",
        {},
        "--local_worker_num 8 --worker_num 8 train.py",
    ),
    "a case": (
        "case $1 in\n  a|b) false;;\n  *) torchrun --nproc_per_node 8 train.py ;;\nesac\n",
        {},
        "--local_worker_num 8 --worker_num 8 train.py",
    ),
    "an endpoint": (
        "torchrun --nproc_per_node 8 --rdzv_backend c10d --rdzv_id $ID \\\n"
        '  --rdzv_endpoint "$H:29500" train.py\n',
        {"H": "h", "ID": "1"},
        "--local_worker_num 8 --worker_num 8 --master_addr h --master_port 29500 train.py",
    ),
    "an endpoint in a variable": (
        "E=$H:29500\ntorchrun --nproc_per_node 8 --rdzv-endpoint=$E train.py\n",
        {"H": "h"},
        "--local_worker_num 8 --worker_num 8 --master_addr=h --master_port=29500 train.py",
    ),
    "a module": (
        "torchrun --nproc_per_node 8 -m pkg.train --lr 1\n",
        {},
        "--local_worker_num 8 --worker_num 8 python -m pkg.train --lr 1",
    ),
    "a module whose option comes first": (
        "torchrun -m --nproc_per_node 8 pkg.train\n",
        {},
        "--local_worker_num 8 --worker_num 8 python -m pkg.train",
    ),
    "options that msrun has no place for": (
        'torchrun --standalone --nproc_per_node 8 --tee "0:3" --max_restarts=0 --log-dir l t.py\n',
        {},
        "--local_worker_num 8 --worker_num 8 --log_dir l t.py",
    ),
    "parameters of the script": (
        "torchrun --nproc_per_node=${1:-8} --nnodes ${2:-$M} --node_rank ${3:-0} \\\n"
        ' "${4:-train.py}"\n',
        {"M": "2"},
        "--local_worker_num=8 --worker_num 16 --node_rank 0 train.py",
    ),
    "before || and behind assignments": (
        "A=1 torchrun --nproc_per_node 8 train.py || exit 1\n",
        {},
        "--local_worker_num 8 --worker_num 8 train.py",
    ),
}


@pytest.mark.parametrize("name", RUN)
def test_msrun_receives_the_arguments_of_the_launch(name, run_script):
    text, environment, expected = RUN[name]
    calls = run_script(converted(text), **environment)
    assert [call[0] for call in calls] == ["msrun"]
    # Nothing depends on where --join and a count of 1 stand among the options.
    assert calls[0].count("--join=True") == 1
    assert sorted(_pairs(calls[0])) == sorted(_pairs(["msrun", "--join=True", *expected.split()]))
    assert (
        calls[0][calls[0].index(_script(expected)) :]
        == expected.split()[expected.split().index(_script(expected)) :]
    )


def _script(arguments):
    words = arguments.split()
    return next(word for word in words if word.endswith(".py") or word == "python")


def _pairs(call):
    """The options before the script, --name value and --name=value alike."""
    end = next(i for i, word in enumerate(call) if word.endswith(".py") or word == "python")
    return re.findall(r"--[\w-]+[ =]\S+", " ".join(call[1:end]).replace("=", " "))


@pytest.mark.parametrize("name", RUN)
def test_the_command_line_of_msrun_is_one_that_msrun_accepts(name, run_script, msrun_parser):
    text, environment, expected = RUN[name]
    (call,) = run_script(converted(text), **environment)
    options = msrun_parser(call[1:])
    assert options.join is True
    assert options.worker_num % options.local_worker_num == 0
    assert options.task_script == _script(expected)


@pytest.fixture(scope="module")
def msrun_parser():
    """msrun's own parser of its command line."""
    run = importlib.import_module("mindspore.parallel.cluster.run")

    def parse(arguments):
        before, sys.argv = sys.argv, ["msrun", *arguments]
        try:
            return run.get_args()
        finally:
            sys.argv = before

    return parse


def test_a_string_that_is_the_value_of_an_option_is_converted():
    assert converted('sbatch --wrap="torchrun --nproc_per_node=8 t.py"\n') == (
        'sbatch --wrap="msrun --join=True --local_worker_num=8 --worker_num=8 t.py"\n'
    )


def test_processes_on_several_wrapped_lines_are_launched_by_the_same_wrapper(run_script):
    text = "nohup torchrun --nproc_per_node 2 a.py\nsrun -N 2 torchrun --nproc_per_node 2 b.py\n"
    first, second = run_script(converted(text))
    assert first == ["msrun", "--join=True", *counts(2, 2), "a.py"]
    assert second == ["srun", "-N", "2", "msrun", "--join=True", *counts(2, 2), "b.py"]


# Scripts that must stay byte for byte, with nothing to report.
NOOP = {
    "a comment": "# torchrun --nproc_per_node 8 train.py\nx=1 # torchrun\n",
    "a longer name": "my_torchrun --nproc_per_node 8; ./torchrun.sh; torchrun_all x\n",
    "another module": "python -m torch.distributed.elastic x\npython -m torch.utils.collect_env\n",
    "msrun": "msrun --worker_num 8 --local_worker_num 8 --join=True train.py\n",
    "options of others": 'ARGS="--nproc_per_node 8 --nnodes 2"\nmpirun $ARGS train.py\n',
    "a number sign that is no comment": "echo ${#x} a#b\n",
    "other variables": "export HCCL_CONNECT_TIMEOUT=1200 OMP_NUM_THREADS=1\n",
    "a comment with a variable": "# export NCCL_DEBUG=INFO\n",
}


@pytest.mark.parametrize("name", NOOP)
def test_what_is_no_launch_stays(name):
    after, result = scripts.convert(NOOP[name].encode(), "run.sh")
    assert after.decode() == NOOP[name]
    assert result.findings == []


# Scripts that stay and are reported, with the kind of the finding and a part of its message.
KEPT = {
    "options of the caller": ('torchrun "$@"\n', "unconverted", "$@ may hold options"),
    "options from elsewhere": ("torchrun $ARGS train.py\n", "unconverted", "not set in this file"),
    "a word for the processes": (
        "torchrun --nproc_per_node=gpu t.py\n",
        "unconverted",
        "gpu is not a number",
    ),
    "a word in a variable": (
        "N=auto\ntorchrun --nproc_per_node=$N t.py\n",
        "unconverted",
        "$N is not a number",
    ),
    "processes counted by a command": (
        "torchrun --nproc_per_node=$(nvidia-smi -L | wc -l) t.py\n",
        "unconverted",
        "computed by a command",
    ),
    "elastic nodes": ("torchrun --nnodes=1:4 t.py\n", "unconverted", "1:4 is not a number"),
    "an unknown option": ("torchrun --run-path t.py\n", "unconverted", "--run-path"),
    "another rendezvous": (
        "torchrun --rdzv_backend etcd --nproc_per_node 8 t.py\n",
        "unconverted",
        "etcd has no counterpart",
    ),
    "nodes that are appended or not": (
        "A=(--nproc_per_node 8)\nif x; then A+=(--nnodes 2); fi\ntorchrun ${A[@]} t.py\n",
        "unconverted",
        "one thing or another",
    ),
    "a variable that others use": (
        'A="--nproc_per_node 8"\ntorchrun $A t.py\ndeepspeed $A t.py\n',
        "unconverted",
        "also used by deepspeed in line 3",
    ),
    "a variable that may have changed": (
        'N=8\nA="--nproc_per_node $N"\nN=4\nB="--nnodes 2"\nM=2\nC="--nnodes $M"\n'
        "torchrun $A $C t.py\n",
        "unconverted",
        "$N may have another value",
    ),
    "an unknown command": (
        "submit torchrun --nproc_per_node 8 t.py\n",
        "unconverted",
        "whether submit runs its arguments",
    ),
    "an unquoted value": (
        "A=--nproc_per_node=8\ntorchrun $A t.py\n",
        "unconverted",
        "no room for another option",
    ),
    "a search for the launcher": ("which torchrun\n", "unconverted", "asks for the launcher"),
    "a script that cannot be read": ("torchrun t.py (\n", "unconverted", "not read: line 1"),
    "an alias": ("alias run=torchrun\n", "unconverted", "not known to be a launch"),
    "an array that nothing runs": (
        "C=(torchrun --nproc_per_node 8 t.py)\n",
        "unconverted",
        "not known to be a launch",
    ),
    "a message": ('echo "use torchrun --nproc_per_node 8"\n', "name", "a text"),
    "a document": ("cat <<EOF\ntorchrun t.py\nEOF\n", "name", "a text"),
    "a choice": ("python t.py --launcher torchrun\n", "name", "a text"),
    "an option by the environment": ("export PET_NNODES=2\n", "unconverted", "does not read it"),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_cannot_be_decided_stays_and_is_reported(name):
    text, kind, message = KEPT[name]
    after, result = scripts.convert(text.encode(), "run.sh")
    assert after.decode() == text
    assert [(f.kind, message in f.message) for f in result.findings] == [(kind, True)]


def test_a_launch_converts_beside_one_that_cannot():
    after, result = scripts.convert(
        b"torchrun --nproc_per_node 8 a.py\ntorchrun $ARGS b.py\n", "run.sh"
    )
    assert after == (
        b"msrun --join=True --local_worker_num 8 --worker_num 8 a.py\ntorchrun $ARGS b.py\n"
    )
    assert (result.launches, result.launches_converted) == (2, 1)


def test_an_option_that_is_dropped_is_reported():
    _, result = scripts.convert(b"torchrun --max_restarts 3 --nproc_per_node 8 t.py\n", "run.sh")
    assert [(f.kind, f.text) for f in result.findings] == [("dropped", "--max_restarts")]


def test_bytes_outside_of_the_edits_stay():
    before = (
        b"\xff\xfe # caf\xe9\r\nA='\xe9 x'\t\n"
        b"\ttorchrun   --nproc_per_node\t8 \\\r\n t.py\x0c\n# end"
    )
    after, _ = scripts.convert(before, "run.sh")
    assert after == before.replace(b"torchrun", b"msrun --join=True").replace(
        b"--nproc_per_node\t8", b"--local_worker_num\t8 --worker_num 8"
    )


ENVIRONMENT = {
    "a renamed variable everywhere": (
        "export CUDA_VISIBLE_DEVICES=0,1\nn=${CUDA_VISIBLE_DEVICES//,/ }\n"
        'echo "$CUDA_VISIBLE_DEVICES"\n',
        "export ASCEND_RT_VISIBLE_DEVICES=0,1\nn=${ASCEND_RT_VISIBLE_DEVICES//,/ }\n"
        'echo "$ASCEND_RT_VISIBLE_DEVICES"\n',
        [],
    ),
    "a variable and its value": (
        'export PYTORCH_CUDA_ALLOC_CONF="expandable_segments:True"\n',
        'export MS_ALLOC_CONF="enable_vmm:True"\n',
        [],
    ),
    "a value without counterpart": (
        "export PYTORCH_CUDA_ALLOC_CONF=max_split_size_mb:128\n",
        None,
        ["PYTORCH_CUDA_ALLOC_CONF"],
    ),
    "a name in a place that is not understood": (
        "CUDA_VISIBLE_DEVICES=0\ndocker run -e CUDA_VISIBLE_DEVICES x\n",
        None,
        ["CUDA_VISIBLE_DEVICES"],
    ),
    "both names": (
        "CUDA_VISIBLE_DEVICES=0\nASCEND_RT_VISIBLE_DEVICES=1\n",
        None,
        ["CUDA_VISIBLE_DEVICES"],
    ),
    "settings that are kept": (
        "export CUDA_DEVICE_MAX_CONNECTIONS=1\nNCCL_IB_SL=1 x\nenv NCCL_DEBUG=INFO y\n",
        None,
        ["CUDA_DEVICE_MAX_CONNECTIONS", "NCCL_IB_SL", "NCCL_DEBUG"],
    ),
    "an interface": (
        "export NCCL_SOCKET_IFNAME=eth0\n",
        "export HCCL_SOCKET_IFNAME=eth0\n",
        [],
    ),
}


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_variables_of_the_environment_follow_the_table(name):
    before, expected, told = ENVIRONMENT[name]
    after, result = scripts.convert(before.encode(), "run.sh")
    assert after.decode() == (before if expected is None else expected)
    assert [(f.kind, f.text) for f in result.findings] == [("environment", one) for one in told]
    assert scripts.convert(after, "run.sh")[0] == after


def test_every_row_of_the_table_is_complete():
    table = launch_table.load()
    for name, option in table.options.items():
        assert option.action in ("local", "nodes", "rename", "address", "module", "drop"), name
        assert (option.action == "rename") == option.becomes.startswith("--"), name
    for row in table.variables:
        assert row.action in ("rename", "keep", "report", "refuse") and row.note, row.name
        assert (row.action == "rename") == bool(row.becomes), row.name


def test_a_file_is_a_script_by_its_name_or_first_line():
    assert plan.is_script("a/run.sh", b"")
    assert plan.is_script("run", b"#!/usr/bin/env bash\n")
    assert plan.is_script("run", b"#!/bin/sh -e\n")
    assert not plan.is_script("run", b"#!/usr/bin/env python\n")
    assert not plan.is_script("run.txt", b"#!/bin/sh\n")


def run_cli(*arguments):
    return cli.main([str(argument) for argument in arguments])


@pytest.fixture
def tree(tmp_path) -> Path:
    root = tmp_path / "src"
    root.mkdir()
    (root / "a.py").write_text("import torch\n")
    (root / "run.sh").write_text("torchrun --nproc_per_node 8 a.py\n")
    (root / "run.sh").chmod(0o755)
    return root


LAUNCHED = "msrun --join=True --local_worker_num 8 --worker_num 8 a.py\n"


def test_convert_does_launch_scripts_too(tree, tmp_path, capsys):
    assert run_cli("convert", tree, tmp_path / "out") == 0
    assert (tmp_path / "out/run.sh").read_text() == LAUNCHED
    assert os.access(tmp_path / "out/run.sh", os.X_OK)
    assert "1 launches found, 1 converted" in capsys.readouterr().out


def test_launch_does_scripts_alone(tree, tmp_path):
    assert run_cli("launch", tree, tmp_path / "out") == 0
    assert (tmp_path / "out/run.sh").read_text() == LAUNCHED
    assert (tmp_path / "out/a.py").read_text() == "import torch\n"
    manifest = json.loads((tmp_path / "out/torch2ms-manifest.json").read_text())
    assert manifest["target"] == "launch"
    assert manifest["files"][1]["edits"][0]["after"] == LAUNCHED.strip()


def test_launch_does_one_file(tree, tmp_path):
    assert run_cli("launch", tree / "run.sh", tmp_path / "new.sh") == 0
    assert (tmp_path / "new.sh").read_text() == LAUNCHED


def test_target_torch_keeps_launch_scripts(tree, tmp_path):
    assert run_cli("convert", tree, tmp_path / "out", "--target", "torch") == 0
    assert (tmp_path / "out/run.sh").read_text() == "torchrun --nproc_per_node 8 a.py\n"


def test_a_file_that_is_no_script_is_bad_usage(tree, tmp_path, capsys):
    assert run_cli("launch", tree / "a.py", tmp_path / "b.py") == 2
    assert "not a shell script" in capsys.readouterr().err


def test_a_launch_that_is_left_ends_with_status_1(tree, tmp_path, capsys):
    (tree / "run.sh").write_text("x=1\ntorchrun $ARGS a.py\n")
    assert run_cli("launch", tree, tmp_path / "out", "--quiet") == 1
    assert capsys.readouterr().err.startswith("run.sh:2: torchrun $ARGS a.py: $ARGS is not set")


def test_a_dropped_option_ends_with_status_1_under_strict(tree, tmp_path):
    (tree / "run.sh").write_text("torchrun --max_restarts=3 a.py\n")
    assert run_cli("launch", tree, tmp_path / "one") == 0
    assert run_cli("launch", tree, tmp_path / "two", "--strict") == 1


def test_diff_shows_what_becomes_of_a_script(tree, capfdbinary):
    assert run_cli("diff", tree) == 0
    assert f"+{LAUNCHED}".encode() in capfdbinary.readouterr().out
