using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Runtime;

/// <summary>
/// A session on a graph that needs much memory and runs many times with the same shapes, such as a training graph. ONNX Runtime
/// learns in the first run when each value is needed, and plans one block of memory for the next runs, which are then faster. The memory of
/// the first run is given back before the block is taken, so that the process never holds both.
/// </summary>
public sealed class PlannedSession : IDisposable
{
    private readonly InferenceSession session;
    private readonly RunOptions first = new(), others = new();
    private bool ran;

    /// <summary>Opens a session.</summary>
    /// <param name="graph">The graph, all of its shapes fixed.</param>
    /// <param name="device">What it runs on; null: the CPU.</param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the graph; the message gives its reason.</exception>
    public PlannedSession(Graph graph, Device? device = null)
    {
        ReturnedMemory.GiveBackAfter(first);
        session = Sessions.Open(graph, options =>
        {
            ReturnedMemory.Use(options);
            (device ?? Device.Cpu).AppendTo(options);
        });
    }

    /// <summary>Bindings of the graph's inputs and outputs, empty at first; the caller's to dispose.</summary>
    public OrtIoBinding CreateBinding() => session.CreateIoBinding();

    /// <summary>Runs the graph on the bound inputs and outputs.</summary>
    /// <exception cref="OnnxRuntimeException">An input is not bound, or of another shape than the graph's.</exception>
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
