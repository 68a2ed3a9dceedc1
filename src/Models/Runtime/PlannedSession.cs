using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models;

/// <summary>
/// A session on a graph that has much in memory at once and is run many times with the same shapes, as a training graph is. After the first run the
/// runtime knows what is needed when, and lays out all of it in one piece, in which the next runs are faster. What the first run took is given back
/// before, or both would be held together.
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

    /// <summary>Runs the graph on what is bound.</summary>
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
