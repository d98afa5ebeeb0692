"""Coding: helpers for the thematic analysis of interviews."""
