"""The trainer of PyTorch, channels last. Answers lines of JSON. Needs torch and torchvision."""

import json
import pathlib
import re
import resource
import sys
import time

import torch
import torchvision

state = {}


def step():
    state["optimizer"].zero_grad(set_to_none=True)
    loss = torch.nn.functional.cross_entropy(state["net"](state["x"]), state["y"])
    loss.backward()
    state["optimizer"].step()
    return loss


def open_(options):
    torch.manual_seed(0)
    torch.set_num_threads(options["threads"])
    net = getattr(torchvision.models, options["model"])(num_classes=options["classes"])
    net = net.to(memory_format=torch.channels_last).train()
    batch, size = options["batch"], options["imageSize"]
    state["net"] = net
    state["optimizer"] = torch.optim.SGD(
        net.parameters(),
        lr=options["learningRate"],
        momentum=options["momentum"],
        weight_decay=options["weightDecay"],
    )
    x = torch.rand(batch, 3, size, size) * 2 - 1
    state["x"] = x.to(memory_format=torch.channels_last)
    state["y"] = torch.arange(batch) % options["classes"]
    before = time.perf_counter()
    loss = step().item()
    return {
        "firstMs": (time.perf_counter() - before) * 1000,
        "loss": loss,
        "parameters": sum(p.numel() for p in net.parameters()),
        "version": torch.__version__,
    }


def run(options):
    times = []
    for _ in range(options["count"]):
        before = time.perf_counter()
        step()
        times.append((time.perf_counter() - before) * 1000)
    return {"times": times}


def end(_):
    # Linux reports this process alone; `ru_maxrss` starts with the parent's value.
    status = pathlib.Path("/proc/self/status")
    own = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    kibibytes = int(own[1]) if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"peakBytes": kibibytes * 1024}


commands = {"open": open_, "run": run, "end": end}
for line in sys.stdin:
    message = json.loads(line)
    command = message.pop("command")
    try:
        answer = {"ok": commands[command](message)}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
    if command == "end":
        break
