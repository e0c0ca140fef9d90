# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs against the torch API, run by both frameworks; see cases/plain.py for what one may
return.
"""
