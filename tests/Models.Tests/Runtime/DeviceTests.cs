using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Runtime;

public class DeviceTests
{
    private const string MissingCudnn =
        "Failed to load library libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file: No such file "
            + "or directory";

    private static readonly string[] GpuBuild = ["CUDAExecutionProvider", "CPUExecutionProvider"], CpuBuild = ["CPUExecutionProvider"];

    /// <summary>The devices to test: the CPU, and the device in the environment variable FOVEA_TEST_DEVICE.</summary>
    public static TheoryData<DeviceChoice> Devices =>
    [
        DeviceChoice.Cpu,
        .. Environment.GetEnvironmentVariable("FOVEA_TEST_DEVICE") is { Length: > 0 } name
            ? [Enum.Parse<DeviceChoice>(name, ignoreCase: true)]
            : Array.Empty<DeviceChoice>(),
    ];

    [Theory, MemberData(nameof(Devices))]
    public void Batch_on_any_device_gives_the_answers_of_a_plain_run_on_the_cpu(DeviceChoice choice) =>
        Batch_gives_the_answers_of_a_plain_run_on_the_cpu(Device.Choose(new() { Device = choice, CudaTf32 = false }));

    // Where a binding copies its input, as on a GPU, each run must bind it again.
    [Fact]
    public void Batch_on_a_simulated_GPU_gives_the_answers_of_a_plain_run_on_the_cpu()
    {
        Assert.Equal(("cuda", true), (Device.Simulated.Provider, Device.Simulated.IsCuda));
        Batch_gives_the_answers_of_a_plain_run_on_the_cpu(Device.Simulated);
    }

    private static void Batch_gives_the_answers_of_a_plain_run_on_the_cpu(Device device)
    {
        using var folder = new TemporaryFolder();
        OnnxFile.Write(Catalog.Find("lenet5").Build(seed: 1), folder["model.onnx"]);
        using var cpu = Classifier.Load(folder["model.onnx"]);
        using var model = Classifier.Load(folder["model.onnx"], device: device);
        using var session = model.TakeSession();
        using var batch = model.CreateBatch(session, 1, 4);
        var random = new SeededRandom(1);
        var images = Enumerable.Range(0, 4 * 784).Select(_ => random.Uniform(0, 1)).ToArray();
        var expected = new float[40];
        cpu.Run(images, 4, expected);

        // Twice, with other images in between, since some devices copy a bound input when it is bound.
        foreach (int count in (int[])[4, 1, 4])
        {
            Fill(batch, images.AsSpan(0, count * 784));
            batch.Run(session, 0, count);
            for (int i = 0; i < count; i++)
            {
                Assert.All(
                    expected.AsSpan(i * 10, 10).ToArray().Zip(batch.Logits(i).ToArray()),
                    pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
            }

            Fill(batch, new float[4 * 784]);
            batch.Run(session, 0, 4);
        }

        static void Fill(InferenceBatch batch, ReadOnlySpan<float> images)
        {
            for (int i = 0; i < images.Length / 784; i++)
            {
                images.Slice(i * 784, 784).CopyTo(batch.Slot(i));
            }
        }
    }

    [Theory]
    [InlineData(DeviceChoice.Cpu, "Device is cpu")]
    [InlineData(DeviceChoice.Auto, "a test convolution ran on GPU 3")]
    [InlineData(DeviceChoice.Cuda, "a test convolution ran on GPU 3")]
    public void Requested_device_that_works_is_used(DeviceChoice choice, string reason)
    {
        int probes = 0;
        var device = Device.Choose(new() { Device = choice, CudaDevice = 3 }, GpuBuild, _ => probes++, () => ["not asked for"]);
        Assert.Equal(choice == DeviceChoice.Cpu ? ("cpu", 0) : ("cuda", 1), (device.Provider, probes));
        Assert.Contains(reason, device.Reason, StringComparison.Ordinal);
        Assert.False(device.FellBack);
        Assert.Empty(device.MissingLibraries);
    }

    [Fact]
    public void Build_without_cuda_runs_on_the_cpu_and_reports_no_fallback()
    {
        var device = Device.Choose(new(), CpuBuild, _ => throw new InvalidOperationException(), () => []);
        Assert.Equal(("cpu", false), (device.Provider, device.FellBack));
        Assert.Contains("-p:OnnxRuntime=gpu", device.Reason, StringComparison.Ordinal);
        var error = Assert.Throws<FoveaException>(() => Device.Choose(new() { Device = DeviceChoice.Cuda }, CpuBuild, _ => { }, () => []));
        Assert.Equal(ErrorCode.DeviceUnavailable, error.Code);
        Assert.Contains("-p:OnnxRuntime=gpu", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_library_is_named_and_is_an_error_only_for_the_device_cuda()
    {
        static void Probe(DeviceOptions options) => throw new FoveaException(ErrorCode.BadModelFile, MissingCudnn);
        var device = Device.Choose(new(), GpuBuild, Probe, () => ["libcurand.so.10", "libcudnn.so.9"]);
        Assert.Equal(("cpu", true), (device.Provider, device.FellBack));
        Assert.Equal(["libcudnn.so.9", "libcurand.so.10"], device.MissingLibraries);
        Assert.Contains("libcudnn.so.9", device.Reason, StringComparison.Ordinal);
        var error = Assert.Throws<FoveaException>(() => Device.Choose(new() { Device = DeviceChoice.Cuda }, GpuBuild, Probe, () => []));
        Assert.Equal(
            (
                ErrorCode.DeviceUnavailable,
                "Device is cuda, but CUDA lacks libcudnn.so.9. Expected a machine with CUDA 13 and cuDNN 9, or the device auto or cpu."),
            (error.Code, error.Message));
    }

    // The first two messages are those of ONNX Runtime 1.31.
    [Theory]
    [InlineData(
        "cuda_execution_provider_info.cc:63 FAIL : Failed to parse provider option \"device_id\": CUDA failure 100: no CUDA-capable "
            + "device is detected ; GPU=0 ; hostname=vm ; line=70 ;",
        "CUDA failure 100: no CUDA-capable device is detected")]
    [InlineData(
        "cuda_execution_provider_info.cc:63 FAIL : Failed to parse provider option \"device_id\": cuda_execution_provider_info.cc:71 "
            + "operator() Invalid device ID: 3, must be between 0 (inclusive) and 1 (exclusive).\n",
        "Invalid device ID: 3, must be between 0 (inclusive) and 1 (exclusive)")]
    [InlineData("a convolution gave 0; expected 9", "a convolution gave 0; expected 9")]
    public void Message_gives_the_reason_for_which_cuda_fails(string message, string reason)
    {
        Assert.Equal(
            $"Device is auto, but CUDA does not work: {reason}.",
            Device.Choose(new(), GpuBuild, _ => throw new FoveaException(ErrorCode.BadModelFile, message), () => []).Reason);
    }

    [Fact]
    public void Probe_is_a_convolution_with_a_known_result()
    {
        using var session = Sessions.Open(Cuda.ProbeGraph(side: 8, kernel: 3));
        using var ones = Microsoft.ML.OnnxRuntime.OrtValue.CreateTensorValueFromMemory(Enumerable.Repeat(1f, 64).ToArray(), [1, 1, 8, 8]);
        using var run = new Microsoft.ML.OnnxRuntime.RunOptions();
        using var results = session.Run(run, session.InputNames, [ones], session.OutputNames);
        Assert.Equal(Enumerable.Repeat(9f, 36), results[0].GetTensorDataAsSpan<float>().ToArray());
    }

    [Fact]
    public void Settings_become_options_of_the_provider()
    {
        var options = Cuda.ProviderOptions(new() { CudaDevice = 2, CudaMemoryBytes = 1 << 30, CudaTf32 = false });
        Assert.Equal(
            ("2", "1073741824", "0", "HEURISTIC"),
            (options["device_id"], options["gpu_mem_limit"], options["use_tf32"], options["cudnn_conv_algo_search"]));
        Assert.Equal("1", Cuda.ProviderOptions(new())["use_tf32"]);
        Assert.DoesNotContain("gpu_mem_limit", Cuda.ProviderOptions(new()).Keys);
    }
}
