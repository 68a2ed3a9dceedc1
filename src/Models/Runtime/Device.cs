using Fovea.Models.Errors;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Runtime;

/// <summary>The device that networks run on, with the reason for the choice. It is chosen once, when the process starts.</summary>
public sealed class Device
{
    private const string CudaProvider = "CUDAExecutionProvider";

    private const string NotInBuild = "this build has ONNX Runtime for the CPU only, since it was made without -p:OnnxRuntime=gpu";

    private readonly DeviceOptions? cuda;
    private readonly bool isSimulated;

    private Device(bool isSimulated)
        : this(null, "The CPU stands for a GPU.") => this.isSimulated = isSimulated;

    private Device(DeviceOptions? cuda, string reason, bool fellBack = false, IReadOnlyList<string>? missingLibraries = null) =>
        (this.cuda, Reason, FellBack, MissingLibraries) = (cuda, reason, fellBack, missingLibraries ?? []);

    /// <summary>The CPU, for callers that do not choose a device.</summary>
    public static Device Cpu { get; } = new(null, "The CPU is the default.");

    /// <summary>
    /// The CPU with its memory treated as a GPU's: values are copied to and from it by ONNX Runtime, and C# may not read or write it. Tests
    /// use it to run the code for GPUs without one.
    /// </summary>
    internal static Device CpuWithSeparateMemory { get; } = new(null, "A test runs as on a GPU.") { SharesMainMemory = false };

    /// <summary>
    /// Whether the device is a GPU. On a GPU, binding an input copies it, so later changes to the memory have no effect. The first batch of
    /// each size takes longer, because cuDNN searches for algorithms.
    /// </summary>
    public bool IsCuda => isSimulated || cuda is not null;

    /// <summary>Whether the device computes in main memory, so that C# can read and write its values.</summary>
    internal bool SharesMainMemory { get => field && !IsCuda; private init; } = true;

    /// <summary>The device's name: cpu or cuda.</summary>
    public string Provider => IsCuda ? "cuda" : "cpu";

    /// <summary>The device's model: cpu, or cuda with the name of the GPU. Measurements on one model do not hold for another.</summary>
    public string Name => cuda is null ? Provider : $"{Provider} {Cuda.NameOf(cuda)}";

    /// <summary>The reason for the choice, in a sentence.</summary>
    public string Reason { get; }

    /// <summary>Whether the CPU was chosen because CUDA, although this build supports it, does not work on this machine.</summary>
    public bool FellBack { get; }

    /// <summary>The file names of the libraries that CUDA needs and this machine lacks; empty if CUDA was not tried.</summary>
    public IReadOnlyList<string> MissingLibraries { get; }

    /// <summary>
    /// The CPU, treated like a GPU: a binding copies its input, a batch has one of the measured sizes, and runs do not go on side by side.
    /// Tests check with it what is the same on a GPU.
    /// </summary>
    internal static Device Simulated { get; } = new(isSimulated: true);

    /// <summary>
    /// Chooses the device. CUDA is tried with a convolution, since only the first convolution loads cuDNN.
    /// </summary>
    /// <exception cref="FoveaException">
    /// <see cref="Errors.ErrorCode.DeviceUnavailable"/>: <c>cuda</c> was chosen and does not work; the message names what is missing.
    /// </exception>
    public static Device Choose(DeviceOptions options) => Choose(options, Sessions.Providers, Cuda.Probe, Cuda.MissingLibraries);

    /// <summary>Chooses the device, with the access to the machine as arguments, for tests.</summary>
    /// <param name="options">The user's settings.</param>
    /// <param name="providers">The execution providers of this build of ONNX Runtime.</param>
    /// <param name="probe">Runs a convolution on CUDA; throws if it does not work.</param>
    /// <param name="missingLibraries">The libraries that CUDA needs and this machine lacks.</param>
    internal static Device Choose(
        DeviceOptions options,
        IReadOnlyCollection<string> providers,
        Action<DeviceOptions> probe,
        Func<IReadOnlyList<string>> missingLibraries)
    {
        if (options.Device == DeviceChoice.Cpu)
        {
            return new(null, "Device is cpu.");
        }

        if (!providers.Contains(CudaProvider))
        {
            return options.Device == DeviceChoice.Auto ? new(null, $"Device is auto, and {NotInBuild}.") : throw Unavailable(NotInBuild);
        }

        try
        {
            probe(options);
            return new(
                options,
                $"Device is {(options.Device == DeviceChoice.Auto ? "auto" : "cuda")}, and a test convolution ran on GPU "
                    + $"{options.CudaDevice}.");
        }
        catch (Exception e) when (e is OnnxRuntimeException or FoveaException or EntryPointNotFoundException or DllNotFoundException)
        {
            string[] missing = [.. Cuda.LibrariesNamedIn(e.Message).Union(missingLibraries())];
            var reason = missing.Length > 0 ? $"CUDA lacks {string.Join(", ", missing)}" : $"CUDA does not work: {Cuda.CauseIn(e.Message)}";
            return options.Device == DeviceChoice.Auto ? new(
                null, $"Device is auto, but {reason}.", fellBack: true, missing) : throw Unavailable(reason, e);
        }
    }

    /// <summary>Makes a session run on this device.</summary>
    internal void AppendTo(SessionOptions session)
    {
        if (cuda is not null)
        {
            Cuda.AppendTo(session, cuda);
        }
    }

    /// <summary>The allocator of memory from which inputs are copied fastest; <c>null</c> if any memory is equally good.</summary>
    internal OrtAllocator? InputAllocator(InferenceSession session) => cuda is null ? null : Cuda.PinnedAllocator(session, cuda);

    /// <summary>The allocator of the device's memory, for values that stay there between runs. The caller disposes it.</summary>
    internal OrtAllocator ValueAllocator(InferenceSession session) =>
        cuda is null ? new OrtAllocator(session, OrtMemoryInfo.DefaultInstance) : Cuda.DeviceAllocator(session, cuda);

    private static FoveaException Unavailable(string reason, Exception? cause = null) =>
        new(
            ErrorCode.DeviceUnavailable,
            $"Device is cuda, but {reason}. Expected a machine with CUDA 13 and cuDNN 9, or the device auto or cpu.",
            cause);
}
