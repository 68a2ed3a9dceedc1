using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Steps;

/// <summary>
/// A graph that runs on ranges of buffers, block by block. On the CPU, a block fits into the cache. On every device, the size of a block
/// bounds the memory for intermediate results. A block may be input and output at the same time, if the graph is elementwise and reads the
/// old value only before it writes the new value.
/// </summary>
/// <param name="graph">The graph.</param>
/// <param name="memory">The memory of the device that the graph runs on.</param>
internal sealed class InPlaceGraph(Graph graph, DeviceMemory memory) : IDisposable
{
    // A run on CUDA starts several kernels of a few microseconds each, so its blocks are larger.
    private const int CpuBlock = 1 << 20, CudaBlock = 1 << 24;

    private readonly InferenceSession session = Sessions.Open(graph, memory.Device);
    private readonly RunOptions options = new();
    private readonly List<BufferBinding> blocks = [];

    /// <summary>The bindings of the blocks, in the order in which they run.</summary>
    public IReadOnlyList<BufferBinding> Blocks => blocks;

    /// <summary>Divides a range into blocks.</summary>
    /// <param name="offset">The index of the range's first float.</param>
    /// <param name="length">The number of floats.</param>
    public IEnumerable<(int Offset, int Length)> Divide(int offset, int length)
    {
        int block = memory.Device.IsCuda ? CudaBlock : CpuBlock;
        for (int start = 0; start < length; start += block)
        {
            yield return (offset + start, Math.Min(block, length - start));
        }
    }

    /// <summary>Adds a run on a block. The caller binds all inputs and outputs of the graph.</summary>
    public BufferBinding NewBlock()
    {
        var block = new BufferBinding(session.CreateIoBinding(), memory);
        blocks.Add(block);
        return block;
    }

    /// <summary>Runs the graph on all blocks.</summary>
    public void Run()
    {
        foreach (var block in blocks)
        {
            block.Refresh();
            session.RunWithBinding(options, block.Inner);
        }
    }

    public void Dispose()
    {
        blocks.ForEach(block => block.Dispose());
        session.Dispose();
        options.Dispose();
    }
}
