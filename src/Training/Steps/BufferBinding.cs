using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Steps;

/// <summary>The inputs and outputs of a session, bound to views of buffers.</summary>
/// <param name="inner">The empty binding, which this class disposes.</param>
/// <param name="memory">The memory of the session's device.</param>
internal sealed class BufferBinding(OrtIoBinding inner, DeviceMemory memory) : IDisposable
{
    private readonly List<(string Name, OrtValue Value)> inputs = [], outputs = [];

    /// <summary>ONNX Runtime's binding, with which the session is run.</summary>
    public OrtIoBinding Inner => inner;

    /// <summary>The bound inputs, in the order in which they were added.</summary>
    public IReadOnlyList<(string Name, OrtValue Value)> Inputs => inputs;

    /// <summary>The bound outputs, in the order in which they were added.</summary>
    public IReadOnlyList<(string Name, OrtValue Value)> Outputs => outputs;

    /// <summary>Binds an input.</summary>
    public void Input(string name, OrtValue value)
    {
        inputs.Add((name, value));
        inner.BindInput(name, value);
    }

    /// <summary>Binds an output. The run writes it in place, and copies it if it is in another memory than the device's.</summary>
    public void Output(string name, OrtValue value)
    {
        outputs.Add((name, value));
        inner.BindOutput(name, value);
    }

    /// <summary>
    /// Makes the next run use the current values of the inputs. ONNX Runtime copies an input when it is bound, if the operator that reads
    /// it runs in another memory; an input that is already there is not copied. Without a call, a run may use an old copy.
    /// </summary>
    public void Refresh()
    {
        if (!memory.IsMain)
        {
            foreach (var (name, value) in inputs)
            {
                inner.BindInput(name, value);
            }
        }
    }

    /// <summary>Waits until the copies of bound inputs to the device are complete.</summary>
    public void Wait()
    {
        if (!memory.IsMain)
        {
            inner.SynchronizeBoundInputs();
        }
    }

    public void Dispose() => inner.Dispose();
}
