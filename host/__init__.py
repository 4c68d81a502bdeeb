# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What drives a machine, whatever it is made of: devices, and tensors in their memory."""

from macaw.host.device import Device, DeviceError
from macaw.host.tensors import pack_tensor, unpack_tensor

__all__ = ["Device", "DeviceError", "pack_tensor", "unpack_tensor"]
