using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.ML.OnnxRuntime;
using TensorElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace Fovea.Models.Runtime;

/// <summary>
/// The memory of a device, for values that stay there between runs, and the staging memory, from which the device copies fastest. Staging
/// memory is part of main memory; for CUDA it is page-locked.
/// </summary>
internal sealed class DeviceMemory : IDisposable
{
    private const string From = "from", To = "to";

    private readonly InferenceSession? copying;
    private readonly RunOptions options = new();
    private readonly OrtAllocator values = OrtAllocator.DefaultInstance, staging = OrtAllocator.DefaultInstance;

    /// <summary>Prepares the memory of a device.</summary>
    /// <exception cref="FoveaException">ONNX Runtime cannot open a session on the device; the message contains the reason.</exception>
    public DeviceMemory(Device device)
    {
        Device = device;
        if (!device.SharesMainMemory)
        {
            copying = Sessions.Open(CopyGraph(), device);
            (values, staging) = (device.ValueAllocator(copying), device.InputAllocator(copying) ?? staging);
        }
    }

    /// <summary>Main memory, which is the memory of the CPU.</summary>
    public static DeviceMemory Main { get; } = new(Device.Cpu);

    /// <summary>The device to which the memory belongs.</summary>
    public Device Device { get; }

    /// <summary>Whether the device's memory is main memory, so that C# can read and write it.</summary>
    public bool IsMain => copying is null;

    /// <summary>Allocates a vector of floats on the device. Its elements have arbitrary values.</summary>
    /// <exception cref="OnnxRuntimeException">The device has too little memory.</exception>
    public OrtValue Allocate(long length) => OrtValue.CreateAllocatedTensorValue(values, TensorElementType.Float, [length]);

    /// <summary>Allocates a vector of floats in staging memory. Its elements have arbitrary values.</summary>
    /// <exception cref="OnnxRuntimeException">There is too little memory.</exception>
    public OrtValue AllocateStaging(long length) => OrtValue.CreateAllocatedTensorValue(staging, TensorElementType.Float, [length]);

    /// <summary>
    /// Copies a vector of floats to another of the same length. Each may be in main memory or on the device. The copy is complete when the
    /// method returns. ONNX Runtime's copy function for C# needs a device that is registered as a plug-in, so a graph of one node copies,
    /// and ONNX Runtime moves its bound input and output between the memories.
    /// </summary>
    /// <exception cref="InvalidOperationException">The memory is main memory, in which spans are copied faster.</exception>
    public void Copy(OrtValue from, OrtValue to)
    {
        using var binding = (copying ?? throw new InvalidOperationException("The memory is main memory; expected a device's own memory."))
            .CreateIoBinding();
        binding.BindInput(From, from);
        binding.BindOutput(To, to);
        binding.SynchronizeBoundInputs();
        copying.RunWithBinding(options, binding);
        binding.SynchronizeBoundOutputs();
    }

    /// <summary>Frees the memory's allocators. All values that they allocated must be disposed before.</summary>
    public void Dispose()
    {
        foreach (var own in new[] { values, staging }.Where(allocator => allocator != OrtAllocator.DefaultInstance))
        {
            own.Dispose();
        }

        options.Dispose();
        copying?.Dispose();
    }

    private static Graph CopyGraph()
    {
        var graph = new Graph("copy");
        var from = graph.Input(From, ElementType.Float, new Shape(Shape.Free));
        graph.Output(graph.Add("Identity", [from], outputs: To).Output);
        return graph;
    }
}
