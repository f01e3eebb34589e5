# SPDX-License-Identifier: Apache-2.0
# GLSL compute shaders, compiled to SPIR-V and embedded in a generated table.
