using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Runtime;

/// <summary>
/// All code that uses CUDA. CUDA needs a build with <c>-p:OnnxRuntime=gpu</c>, CUDA 13, cuDNN 9 and a GPU. All other code works without
/// them.
/// </summary>
internal static partial class Cuda
{
    // The driver, the libraries that ONNX Runtime's CUDA provider is linked with, and cuDNN, which the provider opens at the first
    // convolution.
    private static readonly string[] Libraries =
    [
        "libcuda.so.1", "libcudart.so.13", "libcublas.so.13", "libcublasLt.so.13", "libcurand.so.10", "libcudnn.so.9",
    ];

    /// <summary>Adds the CUDA provider to a session's options.</summary>
    /// <exception cref="OnnxRuntimeException">A library is missing, or the machine has no GPU with this number.</exception>
    public static void AppendTo(SessionOptions session, DeviceOptions options)
    {
        using var provider = new OrtCUDAProviderOptions();
        provider.UpdateOptions(ProviderOptions(options));
        session.AppendExecutionProvider_CUDA(provider);
    }

    /// <summary>The options of ONNX Runtime's CUDA provider, by their names in ONNX Runtime.</summary>
    public static Dictionary<string, string> ProviderOptions(DeviceOptions options)
    {
        var all = new Dictionary<string, string>
        {
            ["device_id"] = options.CudaDevice.ToString(CultureInfo.InvariantCulture),

            // The search for the fastest convolution algorithm: an exhaustive search takes half a second per new batch size and gains
            // little.
            ["cudnn_conv_algo_search"] = "HEURISTIC",
            ["cudnn_conv_use_max_workspace"] = "1",

            // The default doubles the arena at each extension, which would waste up to half of the GPU's memory after loading a large
            // model.
            ["arena_extend_strategy"] = "kSameAsRequested",
            ["use_tf32"] = options.CudaTf32 ? "1" : "0",
        };
        if (options.CudaMemoryBytes > 0)
        {
            all["gpu_mem_limit"] = options.CudaMemoryBytes.ToString(CultureInfo.InvariantCulture);
        }

        return all;
    }

    /// <summary>Returns an allocator of pinned (page-locked) memory, from which the GPU reads without an intermediate copy.</summary>
    public static OrtAllocator PinnedAllocator(InferenceSession session, DeviceOptions options)
    {
        using var memory = new OrtMemoryInfo(
            OrtMemoryInfo.allocatorCUDA_PINNED, OrtAllocatorType.DeviceAllocator, options.CudaDevice, OrtMemType.CpuOutput);
        return new OrtAllocator(session, memory);
    }

    /// <summary>Returns an allocator of the GPU's memory. It takes memory from the session's arena, so the limit counts it.</summary>
    public static OrtAllocator DeviceAllocator(InferenceSession session, DeviceOptions options)
    {
        using var memory = new OrtMemoryInfo("Cuda", OrtAllocatorType.DeviceAllocator, options.CudaDevice, OrtMemType.Default);
        return new OrtAllocator(session, memory);
    }

    /// <summary>Runs a convolution on the GPU, without falling back to the CPU.</summary>
    /// <exception cref="Exception">The convolution does not run, or gives a wrong result.</exception>
    public static void Probe(DeviceOptions options)
    {
        const int Side = 8, Kernel = 3;
        using var session = Sessions.Open(ProbeGraph(Side, Kernel), settings =>
        {
            settings.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1");
            AppendTo(settings, options);
        });
        using var ones = OrtValue.CreateTensorValueFromMemory(Enumerable.Repeat(1f, Side * Side).ToArray(), [1, 1, Side, Side]);
        using var run = new RunOptions();
        using var results = session.Run(run, session.InputNames, [ones], session.OutputNames);
        var sums = results[0].GetTensorDataAsSpan<float>();
        if (sums.Length != (Side - Kernel + 1) * (Side - Kernel + 1) || sums.ContainsAnyExcept(Kernel * Kernel))
        {
            throw new FoveaException(ErrorCode.DeviceUnavailable, $"a convolution gave {sums[0]}; expected {Kernel * Kernel}");
        }
    }

    /// <summary>The name of the GPU, such as NVIDIA H200; its number if the driver does not tell the name.</summary>
    public static unsafe string NameOf(DeviceOptions options)
    {
        const int Length = 256;
        byte* name = stackalloc byte[Length];
        try
        {
            if (Initialize(0) == 0 && GetDevice(out int device, options.CudaDevice) == 0 && GetName(name, Length, device) == 0)
            {
                return Marshal.PtrToStringUTF8((nint)name)!;
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Without the driver there is no name.
        }

        return options.CudaDevice.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>A graph that convolves ones with ones, so that each output equals the number of weights in the kernel.</summary>
    public static Graph ProbeGraph(int side, int kernel)
    {
        var graph = new Graph("probe");
        var weights = graph.Initializer(
            "weights", Tensor.Of(new Shape(1, 1, kernel, kernel), Enumerable.Repeat(1f, kernel * kernel).ToArray()));
        graph.Output(graph.Conv(graph.Input("input", ElementType.Float, new Shape(1, 1, side, side)), weights));
        return graph;
    }

    /// <summary>The libraries that CUDA needs and this machine lacks.</summary>
    public static IReadOnlyList<string> MissingLibraries() => [.. Libraries.Where(library => !IsThere(library))];

    /// <summary>The names of the libraries that could not be opened, from the loader's error message.</summary>
    public static IEnumerable<string> LibrariesNamedIn(string message) =>
        CannotOpen().Matches(message).Select(match => match.Groups[1].Value);

    /// <summary>
    /// The cause in an error message of ONNX Runtime, without the source file and line; the whole message if it has no known cause.
    /// </summary>
    public static string CauseIn(string message)
    {
        var cause = Cause().Match(message);
        return (cause.Success ? cause.Value : message).Trim().TrimEnd('.');
    }

    private static bool IsThere(string library)
    {
        if (NativeLibrary.TryLoad(library, out nint handle))
        {
            NativeLibrary.Free(handle);
            return true;
        }

        return false;
    }

    [LibraryImport("libcuda.so.1", EntryPoint = "cuInit")]
    private static partial int Initialize(uint flags);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuDeviceGet")]
    private static partial int GetDevice(out int device, int number);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuDeviceGetName")]
    private static unsafe partial int GetName(byte* name, int length, int device);

    // Matches, for example, "libcudnn.so.9: cannot open shared object file: No such file or directory".
    [GeneratedRegex(@"(lib[\w+-]+\.so[.\d]*): cannot open shared object file")]
    private static partial Regex CannotOpen();

    // In the message, the processor, file and line may follow the cause.
    [GeneratedRegex(@"Invalid device ID: \d+, must be between \d+ \(inclusive\) and \d+ \(exclusive\)|CUDA failure \d+: [^;]+")]
    private static partial Regex Cause();
}
