"""Evaluation: judging a finished mini-public, with what is not known kept in sight."""

from __future__ import annotations

__all__: list[str] = []
