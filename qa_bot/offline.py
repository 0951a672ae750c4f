"""Tells every library that reports home or asks a server not to. Imported before any of them.

They read these variables once, when they are first imported or loaded. So this is the first import
of the package, and whatever imports qa_bot (a program, the command line, the page, a benchmark, a
test) is covered. The variables are passed on to every process that is started from there.
"""

import os

ENVIRONMENT = {
    # onnxruntime keeps a device id in ~/.cache and sends usage events after 25 seconds.
    "ORT_DISABLE_TELEMETRY": "1",
    # huggingface_hub, under sentence-transformers and Gradio.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    # The common wish, for libraries that are not known by name.
    "DO_NOT_TRACK": "1",
}

os.environ.update(ENVIRONMENT)
