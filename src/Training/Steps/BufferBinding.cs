using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Steps;

/// <summary>
/// The inputs and outputs of a session, bound to views of buffers. On a device with its own memory, binding an input may only begin a copy,
/// and a run that starts earlier may read old values. So each run first waits for the copies: <see cref="Inner"/> refuses otherwise.
/// </summary>
/// <param name="inner">The empty binding, which this class disposes.</param>
/// <param name="memory">The memory of the session's device.</param>
internal sealed class BufferBinding(OrtIoBinding inner, DeviceMemory memory) : IDisposable
{
    private readonly List<(string Name, OrtValue Value)> inputs = [], outputs = [];
    private bool isCopying;

    /// <summary>ONNX Runtime's binding, with which the session is run.</summary>
    /// <exception cref="InvalidOperationException">An input was bound, and nobody has waited for its copy.</exception>
    public OrtIoBinding Inner => isCopying
        ? throw new InvalidOperationException("Copies to the device may not be complete; expected a call of Wait before the run.")
        : inner;

    /// <summary>The bound inputs, in the order in which they were added.</summary>
    public IReadOnlyList<(string Name, OrtValue Value)> Inputs => inputs;

    /// <summary>The bound outputs, in the order in which they were added.</summary>
    public IReadOnlyList<(string Name, OrtValue Value)> Outputs => outputs;

    /// <summary>Binds an input, now and at each <see cref="Refresh"/>.</summary>
    public void Input(string name, OrtValue value)
    {
        inputs.Add((name, value));
        Bind(name, value);
    }

    /// <summary>Binds an input until the same name is bound again. Call <see cref="Wait"/> before the run.</summary>
    public void Bind(string name, OrtValue value)
    {
        inner.BindInput(name, value);
        isCopying = !memory.IsMain;
    }

    /// <summary>Binds an output. The run writes it in place, and copies it if it is in another memory than the device's.</summary>
    public void Output(string name, OrtValue value)
    {
        outputs.Add((name, value));
        inner.BindOutput(name, value);
    }

    /// <summary>
    /// Makes the next run use the current values of the inputs, and waits until they are there. ONNX Runtime copies an input when it is
    /// bound, if the operator that reads it runs in another memory; an input that is already there is not copied. Without a call, a run may
    /// use an old copy.
    /// </summary>
    public void Refresh()
    {
        if (!memory.IsMain)
        {
            foreach (var (name, value) in inputs)
            {
                Bind(name, value);
            }

            Wait();
        }
    }

    /// <summary>Waits until the copies of bound inputs to the device are complete.</summary>
    public void Wait()
    {
        if (isCopying)
        {
            inner.SynchronizeBoundInputs();
            isCopying = false;
        }
    }

    public void Dispose() => inner.Dispose();
}
