"""Switch off telemetry and downloads in every library that has them, before it is imported.

The libraries read these variables once, when they are first imported or loaded. So the package
imports this module first, which covers everything that imports qa_bot: programs, the command line,
the page, benchmarks and tests. Child processes inherit the variables.
"""

import os

ENVIRONMENT = {
    # onnxruntime keeps a device id in ~/.cache and sends usage events after 25 seconds.
    "ORT_DISABLE_TELEMETRY": "1",
    # huggingface_hub, under sentence-transformers and Gradio.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    # A convention that other libraries follow.
    "DO_NOT_TRACK": "1",
}

os.environ.update(ENVIRONMENT)
