# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn.Module."""

import collections
import functools
import itertools
import warnings
import weakref

from mstorch import _dtypes, _engine
from mstorch._errors import missing
from mstorch._ops import creation
from mstorch._tensor import Tensor
from mstorch.nn.parameter import Buffer, Parameter
from mstorch.utils.hooks import RemovableHandle

_EXTRA_STATE = "_extra_state"


class _IncompatibleKeys(
    collections.namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])
):
    """What load_state_dict did not find, and found in excess."""

    __slots__ = ()

    def __repr__(self):
        return (
            "<All keys matched successfully>"
            if not self.missing_keys and not self.unexpected_keys
            else super().__repr__()
        )

    __str__ = __repr__


class Module:
    """The base of all networks: registers parameters, buffers and modules that are assigned to
    its attributes.
    """

    dump_patches = False
    _version = 1
    training: bool
    call_super_init = False

    def __init__(self, *args, **kwargs):
        if not self.call_super_init and (args or kwargs):
            raise TypeError(
                f"{type(self).__name__}.__init__() takes no arguments for nn.Module, got {args} "
                f"{kwargs}"
            )
        set_directly = super().__setattr__
        set_directly("training", True)
        for name in _DICTIONARIES:
            set_directly(name, {})
        set_directly("_non_persistent_buffers_set", set())
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *input):
        """To be defined by subclasses."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    # Calling

    def __call__(self, *args, **kwargs):
        if not (
            self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or _global_hooks
        ):
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    _call_impl = __call__

    def _call_with_hooks(self, args, kwargs):
        called = set()
        try:
            return self._run_with_hooks(args, kwargs, called)
        except Exception:
            for key in self._forward_hooks_always_called:
                if key not in called and key in self._forward_hooks:
                    self._run_after_failure(key, args, kwargs)
            raise

    def _run_after_failure(self, key, args, kwargs):
        """A hook that is called whether forward fails or not: its own error is but a warning."""
        try:
            self._run_hook(key, self._forward_hooks[key], args, kwargs, None)
        except Exception as error:
            warnings.warn(
                "module forward hook with ``always_call=True`` raised an exception that was "
                f"silenced as another error was raised in forward: {error!s}",
                stacklevel=2,
            )

    def _run_hook(self, key, hook, args, kwargs, result):
        with_kwargs = key in self._forward_hooks_with_kwargs
        changed = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
        return result if changed is None else changed

    def _run_with_hooks(self, args, kwargs, called):
        for key, hook in (*_global_hooks["forward_pre"].items(), *self._forward_pre_hooks.items()):
            args, kwargs = self._run_pre_hook(key, hook, args, kwargs)
        backward = None
        if (
            self._backward_hooks
            or self._backward_pre_hooks
            or _global_hooks["backward"]
            or _global_hooks["backward_pre"]
        ):
            backward = _BackwardHooks(self)
        if backward is not None:
            args = backward.watch_inputs(args)
        result = self.forward(*args, **kwargs)
        for key, hook in (*_global_hooks["forward"].items(), *self._forward_hooks.items()):
            called.add(key)
            result = self._run_hook(key, hook, args, kwargs, result)
        return result if backward is None else backward.watch_outputs(result)

    def _run_pre_hook(self, key, hook, args, kwargs):
        if key in self._forward_pre_hooks_with_kwargs:
            changed = hook(self, args, kwargs)
            if changed is None:
                return args, kwargs
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise RuntimeError(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but "
                    f"got {changed}."
                )
            return changed
        changed = hook(self, args)
        if changed is None:
            return args, kwargs
        return changed if isinstance(changed, tuple) else (changed,), kwargs

    def _add_hook(self, hooks, hook, prepend=False, kwargs_keys=None, with_kwargs=False):
        handle = RemovableHandle(hooks, extra_dict=kwargs_keys)
        hooks[handle.id] = hook
        if with_kwargs:
            kwargs_keys[handle.id] = True
        if prepend:
            for key in [k for k in hooks if k != handle.id]:
                hooks[key] = hooks.pop(key)
        return handle

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Call `hook(module, args)` before forward; what it returns replaces the arguments."""
        return self._add_hook(
            self._forward_pre_hooks, hook, prepend, self._forward_pre_hooks_with_kwargs, with_kwargs
        )

    def register_forward_hook(self, hook, *, prepend=False, with_kwargs=False, always_call=False):
        """Call `hook(module, args, output)` after forward; what it returns replaces the output.

        With `always_call` it is called with None as output where forward has failed, too.
        """
        handle = self._add_hook(
            self._forward_hooks, hook, prepend, self._forward_hooks_with_kwargs, with_kwargs
        )
        if always_call:
            self._forward_hooks_always_called[handle.id] = True
        return handle

    def register_full_backward_hook(self, hook, prepend=False):
        """Call `hook(module, grad_input, grad_output)` when the inputs' gradients are known."""
        return self._add_hook(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook):
        """An error: such hooks see the gradients of the last operator in forward, whichever that
        is.
        """
        raise missing("torch.nn.Module.register_backward_hook")

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """Call `hook(module, grad_output)` when the gradients of the outputs are known."""
        return self._add_hook(self._backward_pre_hooks, hook, prepend)

    def _register_load_state_dict_pre_hook(self, hook, with_module=False):
        return self._add_hook(
            self._load_state_dict_pre_hooks, functools.partial(hook, self) if with_module else hook
        )

    def register_load_state_dict_pre_hook(self, hook):
        """Call `hook(module, state_dict, prefix, ...)` before the module loads its part."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def register_load_state_dict_post_hook(self, hook):
        """Call `hook(module, incompatible_keys)` after the module has loaded."""
        return self._add_hook(self._load_state_dict_post_hooks, hook)

    def _register_state_dict_hook(self, hook):
        return self._add_hook(self._state_dict_hooks, hook)

    def register_state_dict_post_hook(self, hook):
        """Call `hook(module, state_dict, prefix, local_metadata)`, which changes the dict and
        returns None, after state_dict.
        """

        def call(*args):
            if hook(*args) is not None:
                raise RuntimeError("state_dict post-hook must return None")

        return self._register_state_dict_hook(call)

    def register_state_dict_pre_hook(self, hook):
        """Call `hook(module, prefix, keep_vars)` before state_dict."""
        return self._add_hook(self._state_dict_pre_hooks, hook)

    # Attributes

    def __setattr__(self, name, value):
        parameters = self.__dict__.get("_parameters")
        if isinstance(value, Parameter):
            if parameters is None:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name, self._parameters)
            self.register_parameter(name, value)
        elif parameters is not None and name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as parameter '{name}' "
                    "(torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            if self.__dict__.get("_modules") is None:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name, self._modules)
            self._modules[name] = _as_registered("module", self, name, value)
        elif name in self.__dict__.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as child module '{name}' "
                    "(torch.nn.Module or None expected)"
                )
            self._modules[name] = value
        elif isinstance(value, Buffer) or name in self.__dict__.get("_buffers", ()):
            self._set_buffer(name, value)
        else:
            super().__setattr__(name, value)

    def _set_buffer(self, name, value):
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"cannot assign '{_type_name(value)}' as buffer '{name}' (torch.Tensor or None "
                "expected)"
            )
        if isinstance(value, Buffer):
            self._forget(name, self._buffers)
            self.register_buffer(name, value, value.persistent)
        else:
            self._buffers[name] = value

    def _forget(self, name, kept):
        """Remove a name from where it is registered but for one place, where it keeps its order."""
        for registry in (self.__dict__, self._buffers, self._modules, self._parameters):
            if registry is not kept:
                registry.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __getattr__(self, name):
        for registry in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(registry)
            if found is not None and name in found:
                return found[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name):
        for registry in (self._parameters, self._buffers, self._modules):
            if name in registry:
                del registry[name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self):
        names = {
            *dir(type(self)),
            *self.__dict__,
            *self._parameters,
            *self._modules,
            *self._buffers,
        }
        return sorted(name for name in names if not name[:1].isdigit())

    def __setstate__(self, state):
        self.__dict__.update(state)
        for name in _DICTIONARIES:
            self.__dict__.setdefault(name, {})
        self.__dict__.setdefault("_non_persistent_buffers_set", set())

    def _check_name(self, kind, name):
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {_type_name(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')

    def register_parameter(self, name, param):
        """Add a parameter, or None for one that is absent."""
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_name("parameter", name)
        if hasattr(self, name) and name not in self._parameters:
            raise KeyError(f"attribute '{name}' already exists")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_type_name(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param is not None and not param.is_leaf:
            raise ValueError(f"Cannot assign non-leaf Tensor to parameter '{name}'")
        self._parameters[name] = _as_registered("parameter", self, name, param)

    def register_buffer(self, name, tensor, persistent=True):
        """Add a tensor that is saved (where persistent) and moved with the module, not trained."""
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name)
        if hasattr(self, name) and name not in self._buffers:
            raise KeyError(f"attribute '{name}' already exists")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_type_name(tensor)}' object to buffer '{name}' (torch Tensor or "
                "None required)"
            )
        self._buffers[name] = _as_registered("buffer", self, name, tensor)
        (
            self._non_persistent_buffers_set.discard
            if persistent
            else self._non_persistent_buffers_set.add
        )(name)

    def add_module(self, name, module):
        """Add a child."""
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{_type_name(module)} is not a Module subclass")
        self._check_name("module", name)
        if hasattr(self, name) and name not in self._modules:
            raise KeyError(f"attribute '{name}' already exists")
        self._modules[name] = _as_registered("module", self, name, module)

    register_module = add_module

    # Walking

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """Every module below, itself first, with its dotted name."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(
                    memo, f"{prefix}.{name}" if prefix else name, remove_duplicate
                )

    def modules(self):
        """Every module below, itself first."""
        for _, module in self.named_modules():
            yield module

    def named_children(self):
        """Direct children with their names, each once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self):
        """Direct children, each once."""
        for _, module in self.named_children():
            yield module

    def _named_members(self, members, prefix="", recurse=True, remove_duplicate=True):
        seen = set()
        modules = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
            if recurse
            else [(prefix, self)]
        )
        for module_prefix, module in modules:
            for name, value in members(module):
                if value is None or value in seen:
                    continue
                if remove_duplicate:
                    seen.add(value)
                yield f"{module_prefix}.{name}" if module_prefix else name, value

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """Parameters with their dotted names."""
        return self._named_members(
            lambda m: m._parameters.items(), prefix, recurse, remove_duplicate
        )

    def parameters(self, recurse=True):
        """Parameters."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """Buffers with their dotted names."""
        return self._named_members(lambda m: m._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        """Buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target):
        """The module with a dotted name below this one."""
        module = self
        for part in target.split(".") if target else ():
            if not hasattr(module, part):
                raise AttributeError(f"{type(module).__name__} has no attribute `{part}`")
            module = getattr(module, part)
            if not isinstance(module, Module):
                raise AttributeError(f"`{part}` is not an nn.Module")
        return module

    def set_submodule(self, target, module, strict=False):
        """Put a module in the place of that with a dotted name, which with `strict` must exist."""
        path, _, name = target.rpartition(".")
        if not name:
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{type(parent).__name__} has no attribute `{name}`")
        if not isinstance(getattr(parent, name, module), Module):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target):
        """The parameter with a dotted name."""
        return self._get_member(target, "_parameters", "an nn.Parameter")

    def get_buffer(self, target):
        """The buffer with a dotted name."""
        return self._get_member(target, "_buffers", "a buffer")

    def _get_member(self, target, registry, kind):
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if name not in module.__dict__[registry]:
            raise AttributeError(f"`{name}` is not {kind}")
        return module.__dict__[registry][name]

    # Changing

    def compile(self, *args, **kwargs):
        """Nothing: the module stays Python, and computes the same."""

    def apply(self, fn):
        """Call a function on every module below, children first."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn, recurse=True):
        """Replace every parameter's data, its gradient and every buffer by what a function makes of
        it.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        recording = _engine.is_recording()
        _engine.set_recording(False)
        try:
            for name, parameter in self._parameters.items():
                if parameter is not None:
                    self._parameters[name] = _applied(fn, parameter)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        finally:
            _engine.set_recording(recording)
        return self

    def to_empty(self, *, device, recurse=True):
        """Parameters and buffers of the same sizes on a device, whose numbers are to be set."""
        return self._apply(lambda tensor: creation.empty_like(tensor, device=device), recurse)

    def to(self, *args, **kwargs):
        """Convert floating point tensors to a type, or move everything to a device."""
        from mstorch._device import device

        args = [_dtypes.as_dtype(a) if isinstance(a, type) else a for a in args]

        def convert(tensor):
            floating = tensor.is_floating_point() or tensor.is_complex()
            plain = [a for a in args if floating or not isinstance(a, _dtypes.dtype)]
            named = {k: v for k, v in kwargs.items() if floating or k != "dtype"}
            plain = [a.device if isinstance(a, Tensor) and not floating else a for a in plain]
            return tensor.to(*plain, **named) if plain or named else tensor

        for argument in (*args, *kwargs.values()):
            if isinstance(argument, _dtypes.dtype) and not (
                argument.is_floating_point or argument.is_complex
            ):
                raise TypeError(
                    "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                    f"dtype={argument}"
                )
            if isinstance(argument, str):
                device(argument)
        return self._apply(convert)

    def _cast_floats(self, dtype):
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def float(self):
        """Floating point parameters and buffers as float32."""
        return self._cast_floats(_dtypes.float32)

    def double(self):
        """Floating point parameters and buffers as float64."""
        return self._cast_floats(_dtypes.float64)

    def half(self):
        """Floating point parameters and buffers as float16."""
        return self._cast_floats(_dtypes.float16)

    def bfloat16(self):
        """Floating point parameters and buffers as bfloat16."""
        return self._cast_floats(_dtypes.bfloat16)

    def type(self, dst_type):
        """All parameters and buffers as one type."""
        return self._apply(lambda t: t.type(dst_type))

    def cpu(self):
        """Everything on the CPU."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device=None):
        """The module itself: the CPU stands in for CUDA devices."""
        return self._apply(lambda t: t.cuda(device))

    def train(self, mode=True):
        """Training mode, for the module and all below it."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self):
        """Evaluation mode."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Switch recording for all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Drop all gradients, or set them to zero."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                if set_to_none:
                    parameter.grad = None
                else:
                    parameter.grad.detach_().zero_()

    def share_memory(self):
        """Not possible: tensors live in this process alone."""
        raise missing("torch.nn.Module.share_memory")

    # State

    def get_extra_state(self):
        """More state for state_dict; to be defined by subclasses together with set_extra_state."""
        raise RuntimeError(
            "Reached a code path in Module.get_extra_state() that should never be called."
        )

    def set_extra_state(self, state):
        """The counterpart of get_extra_state."""
        raise RuntimeError(
            "Reached a code path in Module.set_extra_state() that should never be called."
        )

    def _has_extra(self, method):
        return getattr(type(self), method) is not getattr(Module, method)

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        for name, value in self._parameters.items():
            if value is not None:
                destination[prefix + name] = value if keep_vars else value.detach()
        for name, value in self._buffers.items():
            if value is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = value if keep_vars else value.detach()
        if self._has_extra("get_extra_state"):
            destination[prefix + _EXTRA_STATE] = self.get_extra_state()

    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        """Parameters and persistent buffers by dotted name; they share memory with the module."""
        if args:
            destination, prefix, keep_vars = (*args, *(destination, prefix, keep_vars)[len(args) :])
        if destination is None:
            destination = collections.OrderedDict()
            destination._metadata = collections.OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in self._state_dict_hooks.values():
            changed = hook(self, destination, prefix, local_metadata)
            destination = destination if changed is None else changed
        return destination

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        for hook in self._load_state_dict_pre_hooks.values():
            hook(
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        persistent = {
            k: v for k, v in self._buffers.items() if k not in self._non_persistent_buffers_set
        }
        for name, own in itertools.chain(self._parameters.items(), persistent.items()):
            if own is not None:
                self._load_tensor(
                    prefix + name,
                    name,
                    own,
                    state_dict,
                    local_metadata,
                    strict,
                    missing_keys,
                    error_msgs,
                )
        extra = prefix + _EXTRA_STATE
        if self._has_extra("set_extra_state"):
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            known = {*self._modules, *self._parameters, *persistent}
            for key in state_dict:
                if key.startswith(prefix) and key != extra:
                    first, _, rest = key[len(prefix) :].partition(".")
                    if first not in known or (rest and first not in self._modules):
                        unexpected_keys.append(key)

    def _load_tensor(
        self, key, name, own, state_dict, local_metadata, strict, missing_keys, error_msgs
    ):
        if key not in state_dict:
            if strict:
                missing_keys.append(key)
            return
        given = state_dict[key]
        if not isinstance(given, Tensor):
            error_msgs.append(
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
                f"object from checkpoint but received {type(given)}"
            )
            return
        if given.shape != own.shape:
            error_msgs.append(
                f"size mismatch for {key}: copying a param with shape {given.shape} from "
                f"checkpoint, the shape in current model is {own.shape}."
            )
            return
        if local_metadata.get("assign_to_params_buffers", False):
            registry = self._parameters if name in self._parameters else self._buffers
            registry[name] = (
                Parameter(given, own.requires_grad) if isinstance(own, Parameter) else given
            )
            return
        if own.is_meta and not given.is_meta:
            warnings.warn(
                f"for {key}: copying from a non-meta parameter in the checkpoint to a meta "
                "parameter in the current model, which is a no-op. (Did you mean to pass "
                "`assign=True` to assign items in the state dictionary to their corresponding key "
                "in the module instead of copying them in place?)",
                stacklevel=2,
            )
        recording = _engine.is_recording()
        _engine.set_recording(False)
        try:
            own.copy_(given)
        finally:
            _engine.set_recording(recording)

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copy values from a state dict into parameters and buffers; strict refuses names that do
        not match.
        """
        if not isinstance(state_dict, collections.abc.Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing_keys, unexpected_keys, error_msgs = [], [], []
        metadata = getattr(state_dict, "_metadata", None)
        state_dict = collections.OrderedDict(state_dict)

        def load(module, prefix):
            local = {} if metadata is None else dict(metadata.get(prefix[:-1], {}))
            if assign:
                local["assign_to_params_buffers"] = True
            module._load_from_state_dict(
                state_dict, prefix, local, True, missing_keys, unexpected_keys, error_msgs
            )
            for name, child in module._modules.items():
                if child is not None:
                    load(child, f"{prefix}{name}.")
            incompatible = _IncompatibleKeys(missing_keys, unexpected_keys)
            for hook in module._load_state_dict_post_hooks.values():
                hook(module, incompatible)

        load(self, "")
        if strict and unexpected_keys:
            error_msgs.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected_keys)}. ")
        if strict and missing_keys:
            error_msgs.insert(0, f"Missing key(s) in state_dict: {_quoted(missing_keys)}. ")
        if error_msgs:
            listing = "\n\t".join(error_msgs)
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{listing}"
            )
        return _IncompatibleKeys(missing_keys, unexpected_keys)

    # Text

    def extra_repr(self):
        """What stands in the parentheses; to be defined by subclasses."""
        return ""

    def _get_name(self):
        return type(self).__name__

    def __repr__(self):
        extra = self.extra_repr().split("\n") if self.extra_repr() else []
        children = [
            f"({name}): " + repr(module).replace("\n", "\n  ")
            for name, module in self._modules.items()
        ]
        if len(extra) == 1 and not children:
            return f"{self._get_name()}({extra[0]})"
        if not extra and not children:
            return f"{self._get_name()}()"
        return f"{self._get_name()}(\n  " + "\n  ".join((*extra, *children)) + "\n)"


_DICTIONARIES = (
    "_parameters",
    "_buffers",
    "_modules",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_forward_hooks",
    "_forward_hooks_always_called",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


def _applied(fn, parameter):
    """A parameter whose data, and gradient, are what a function makes of them; another Parameter
    where they come to or from the meta device.
    """
    data = fn(parameter.data)
    if parameter.is_meta or data.is_meta:
        return Parameter(data, parameter.requires_grad)
    gradient, parameter.grad = parameter.grad, None
    parameter.data = data
    if gradient is not None:
        parameter.grad = fn(gradient)
    return parameter


class _GlobalHooks(dict):
    """Hooks of all modules; false while there are none, which keeps calls short."""

    def __bool__(self):
        return any(self.values())


_global_hooks = _GlobalHooks(forward={}, forward_pre={}, backward={}, backward_pre={})
# Hooks of what is registered in any module, by kind.
_registrations = {"parameter": {}, "buffer": {}, "module": {}}


def _register(hooks, hook):
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def _as_registered(kind, module, name, value):
    """What is to be registered, which hooks may replace."""
    for hook in _registrations[kind].values():
        changed = hook(module, name, value)
        value = value if changed is None else changed
    return value


def register_module_forward_hook(hook, *, with_kwargs=False, always_call=False):
    """Call `hook(module, args, output)` after every module's forward."""
    if with_kwargs or always_call:
        raise missing(
            "torch.nn.modules.module.register_module_forward_hook", "with_kwargs and always_call"
        )
    return _register(_global_hooks["forward"], hook)


def register_module_forward_pre_hook(hook):
    """Call `hook(module, args)` before every module's forward."""
    return _register(_global_hooks["forward_pre"], hook)


def register_module_full_backward_hook(hook):
    """Call `hook(module, grad_input, grad_output)` when the gradients of a module's inputs are
    known.
    """
    return _register(_global_hooks["backward"], hook)


def register_module_full_backward_pre_hook(hook):
    """Call `hook(module, grad_output)` when the gradients of a module's outputs are known."""
    return _register(_global_hooks["backward_pre"], hook)


def register_module_parameter_registration_hook(hook):
    """Call `hook(module, name, parameter)` for each that is registered; what it returns replaces
    it.
    """
    return _register(_registrations["parameter"], hook)


def register_module_buffer_registration_hook(hook):
    """Call `hook(module, name, buffer)` for each that is registered; what it returns replaces
    it.
    """
    return _register(_registrations["buffer"], hook)


def register_module_module_registration_hook(hook):
    """Call `hook(module, name, child)` for each that is registered; what it returns replaces it."""
    return _register(_registrations["module"], hook)


def _quoted(keys):
    return ", ".join(f'"{key}"' for key in keys)


def _type_name(value):
    kind = type(value)
    return (
        kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    )


class _BackwardHooks:
    """Full backward hooks of one call: gradients of all outputs first, then of all inputs."""

    def __init__(self, module):
        self.module = weakref.ref(module)
        self.grad_output = None

    def _hooks(self, kind):
        """Hooks of all modules, then those of this one."""
        own = self.module().__dict__[f"_{kind}_hooks"]
        return [*_global_hooks[kind].values(), *own.values()]

    def watch_inputs(self, args):
        self.places = [i for i, a in enumerate(args) if isinstance(a, Tensor) and a._requires_grad]
        self.count = len(args)
        if not self.places or not self._hooks("backward"):
            return args
        watched = _identity_with_hook(self._inputs_done, [args[i] for i in self.places])
        args = list(args)
        for place, tensor in zip(self.places, watched, strict=False):
            args[place] = tensor
        return tuple(args)

    def watch_outputs(self, result):
        several = result if isinstance(result, tuple) else (result,)
        places = [i for i, r in enumerate(several) if isinstance(r, Tensor) and r._requires_grad]
        if not places:
            return result
        watched = _identity_with_hook(self._outputs_done, [several[i] for i in places])
        changed = list(several)
        for place, tensor in zip(places, watched, strict=False):
            changed[place] = tensor
        return tuple(changed) if isinstance(result, tuple) else changed[0]

    def _outputs_done(self, gradients):
        module = self.module()
        for hook in self._hooks("backward_pre"):
            changed = hook(module, gradients)
            if changed is not None:
                gradients = changed if isinstance(changed, tuple) else (changed,)
        self.grad_output = gradients
        if not self.places:
            for hook in self._hooks("backward"):
                hook(module, (None,) * self.count, gradients)
        return gradients

    def _inputs_done(self, gradients):
        module = self.module()
        whole = [None] * self.count
        for place, gradient in zip(self.places, gradients, strict=False):
            whole[place] = gradient
        for hook in self._hooks("backward"):
            changed = hook(module, tuple(whole), self.grad_output)
            if changed is not None:
                whole = list(changed) if isinstance(changed, tuple) else [changed]
        return tuple(whole[place] for place in self.places)


def _identity_with_hook(callback, tensors):
    from mstorch.autograd.function import Function

    class _Watch(Function):
        """The tensors themselves; the callback sees, and may replace, their gradients together."""

        @staticmethod
        def forward(ctx, *inputs):
            return tuple(t.view_as(t) for t in inputs)

        @staticmethod
        def backward(ctx, *gradients):
            return callback(gradients)

    return _Watch.apply(*tensors)
