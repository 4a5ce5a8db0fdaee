"""Asks for the status, makes a call, and follows the events of a server, from
where the last run ended: follow_events.py TARGET PLACE_FILE

TARGET is unix:/path or host:port; for the latter CLAWPLANE_TOKEN_FILE names the
file of the token. The generated code is found by PYTHONPATH.
"""

import os
import random
import sys
import threading
import time

import grpc
from clawplane.v1 import gateway_pb2 as v1
from clawplane.v1 import gateway_pb2_grpc
from google.rpc import error_details_pb2, status_pb2

MAX_MESSAGE = 64 * 1024 * 1024  # The server sends up to 32 MiB.
SILENCE = 45  # Seconds. The server sends a bookmark after 20 at the latest.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5  # Seconds between attempts.


def connect(target):
    # The token is for the server, not for a proxy of the environment.
    return grpc.insecure_channel(
        target,
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE),
            ("grpc.enable_http_proxy", 0),
            # Streams of one channel share a connection; a new one is to be new.
            ("grpc.use_local_subchannel_pool", 1),
        ],
    )


def credentials():
    name = os.environ.get("CLAWPLANE_TOKEN_FILE")
    if not name:
        return []
    with open(name, encoding="ascii") as file:
        return [("authorization", "Bearer " + file.read().strip())]


def details_of(error):
    """The ErrorInfo and the GatewayError of a failed call; either may be None."""
    info = gateway = None
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for detail in status_pb2.Status.FromString(value).details:
            if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
                info = error_details_pb2.ErrorInfo()
                detail.Unpack(info)
            elif detail.Is(v1.GatewayError.DESCRIPTOR):
                gateway = v1.GatewayError()
                detail.Unpack(gateway)
    return info, gateway


def describe(error):
    info, gateway = details_of(error)
    text = error.code().name
    if info:
        text += f" {info.reason} ({info.domain})"
    if gateway:
        text += ", " + v1.GatewayError.Outcome.Name(gateway.outcome)
    return text


def call_gateway(stub, metadata, method):
    request = v1.RpcRequest(method=method, params_json="{}")
    try:
        response = stub.Rpc(request, timeout=30, metadata=metadata)
        print("answer:", response.result_json, flush=True)
    except grpc.RpcError as error:
        print("refused:", describe(error), flush=True)


def load(name):
    try:
        with open(name, encoding="utf-8") as file:
            epoch, sequence = file.read().split()
            return v1.EventPosition(epoch=epoch, sequence=int(sequence))
    except FileNotFoundError:
        return None


def save(name, position):
    # Another file first, so that there is always a whole one.
    with open(name + ".new", "w", encoding="utf-8") as file:
        file.write(f"{position.epoch} {position.sequence}")
    os.replace(name + ".new", name)


def may_pass(error):
    """Whether the stream's end is none that a person has to mend."""
    cut_off = (
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    )
    if error.code() == grpc.StatusCode.UNAVAILABLE:
        return True
    return error.code() in cut_off and details_of(error)[0] is None


def show(position):
    return f"{position.epoch}:{position.sequence}"


def responses(stub, metadata, position):
    """The responses of one stream, until it breaks or was silent for too long."""
    call = stub.StreamEvents(v1.StreamEventsRequest(after=position), metadata=metadata)
    while True:
        timer = threading.Timer(SILENCE, call.cancel)
        timer.daemon = True
        timer.start()
        try:
            response = next(call)
        except StopIteration:
            return
        finally:
            timer.cancel()  # Who works on the response may take his time.
        yield response


def take(response, position):
    """Prints a response, and returns the position after it."""
    if response.HasField("bookmark"):
        position = response.bookmark
    if response.HasField("gap"):
        position = response.gap.resumed_after
        print("gap: up to", show(position), flush=True)
    for event in response.events:
        print(event.name, event.notification.payload.json, flush=True)
        position = v1.EventPosition(epoch=event.epoch, sequence=event.sequence)
    return position


def follow_events(target, metadata, place_file):
    position = load(place_file)
    pause = FIRST_PAUSE
    while True:
        try:
            # A channel for each attempt: a connection that went dead without
            # the kernel's knowing it is not used again.
            with connect(target) as channel:
                stub = gateway_pb2_grpc.GatewayServiceStub(channel)
                for response in responses(stub, metadata, position):
                    pause = FIRST_PAUSE
                    position = take(response, position)
                    save(place_file, position)
        except grpc.RpcError as error:
            if not may_pass(error):
                raise SystemExit("refused: " + describe(error))
            print("lost:", describe(error), flush=True)
        time.sleep(pause * random.uniform(0.8, 1))
        pause = min(2 * pause, LONGEST_PAUSE)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: follow_events.py TARGET PLACE_FILE")
    target, place_file = sys.argv[1:]
    metadata = credentials()
    with connect(target) as channel:
        stub = gateway_pb2_grpc.GatewayServiceStub(channel)
        try:
            status = stub.GetStatus(
                v1.GetStatusRequest(), timeout=10, metadata=metadata
            ).status
        except grpc.RpcError as error:
            sys.exit("refused: " + describe(error))
        print("state:", v1.GatewayStatus.State.Name(status.state), flush=True)
        call_gateway(stub, metadata, "health")
        call_gateway(stub, metadata, "no.such.method")
    follow_events(target, metadata, place_file)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
