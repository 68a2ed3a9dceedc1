using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Runtime;

/// <summary>
/// A session on a graph that needs much memory and runs many times with the same shapes, such as a training graph. In the first run, ONNX
/// Runtime records when each value is needed. It then plans one block of memory for the next runs, which are faster. The memory of the
/// first run is freed before the block is allocated, so that the process never holds both. On CUDA nothing is planned: the arena keeps the
/// pieces of the first run, and the next runs reuse them.
/// </summary>
public sealed class PlannedSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly RunOptions first = new(), others = new();
    private bool ran;

    /// <summary>Opens a session.</summary>
    /// <param name="graph">The graph. All its shapes must be fixed.</param>
    /// <param name="device">The device that the graph runs on; <c>null</c> for the CPU.</param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the graph; the message contains the reason.</exception>
    public PlannedSession(Graph graph, Device? device = null)
    {
        ReturnedMemory.GiveBackAfter(first);
        session = Sessions.Open(graph, options =>
        {
            ReturnedMemory.Use(options);
            options.EnableMemoryPattern = device is not { IsCuda: true };
            (device ?? Device.Cpu).AppendTo(options);
        });
    }

    /// <summary>Creates an empty binding of the graph's inputs and outputs to memory. The caller disposes it.</summary>
    public OrtIoBinding CreateBinding() => session.CreateIoBinding();

    /// <summary>Runs the graph on the bound inputs and outputs.</summary>
    /// <exception cref="OnnxRuntimeException">An input is not bound, or has another shape than in the graph.</exception>
    public void Run(OrtIoBinding binding)
    {
        session.RunWithBinding(ran ? others : first, binding);
        ran = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        session.Dispose();
        first.Dispose();
        others.Dispose();
    }
}
