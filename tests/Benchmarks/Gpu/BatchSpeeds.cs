using System.Diagnostics;
using System.Globalization;
using Fovea.Benchmarks.Serving;
using Fovea.Models.Graphs;
using Fovea.Models.Quantization;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;
using QuantizationRecord = Fovea.Models.Metadata.QuantizationRecord;
using QuantizedNumbers = Fovea.Models.Metadata.QuantizedNumbers;

namespace Fovea.Benchmarks.Gpu;

/// <summary>
/// Compares batches of resnet50 as the service runs them with ONNX Runtime alone, and with the twin of 16-bit floats, in turns.
/// </summary>
internal static class BatchSpeeds
{
    private const int Rounds = 3;

    public static IEnumerable<CheckRow> Rows(DeviceChoice choice)
    {
        bool isGpu = choice == DeviceChoice.Cuda;
        var file = new BenchmarkModels().ModelFile("resnet50");
        WriteTwin(file);
        using var model = Classifier.Load(file, device: Device.Choose(new() { Device = choice }));
        using var session = model.TakeSession();
        using var halves = model.Open(SessionKind.AllCoresFp16);
        using var bare = new InferenceSession(file, BareOptions(choice));
        yield return halves is null
            ? new("resnet50, twin of 16-bit floats", model.Twins.Select(twin => twin.Refusal).FirstOrDefault() ?? "no twin", false)
            : Agreement(model, session, halves);
        double seconds = isGpu ? 0.5 : 0.3;
        foreach (int size in isGpu ? (int[])[1, 2, 4, 8, 16, 32, 64] : [1, 2, 4])
        {
            using var batch = model.CreateBatch(session, size);
            Fill(batch, size);
            using var bareRun = new BareRun(bare, size, model);
            List<double> ours = [], alone = [], fp16 = [];
            for (int i = 0; i < Rounds; i++)
            {
                ours.Add(PerSecond(() => batch.Run(session, 0, size), size, seconds));
                alone.Add(PerSecond(bareRun.Run, size, seconds));
                if (halves is not null)
                {
                    fp16.Add(PerSecond(() => batch.Run(halves, 0, size), size, seconds));
                }
            }

            double ratio = ours.Max() / alone.Max();
            yield return new(
                $"resnet50, batch of {size}, images/s",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{ours.Max():F0}; ONNX Runtime alone {alone.Max():F0}, ratio {ratio:F2}; FP16 {fp16.DefaultIfEmpty().Max():F0}"),
                ratio >= (isGpu ? 0.95 : 0.7));
        }
    }

    private static SessionOptions BareOptions(DeviceChoice choice)
    {
        var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        if (choice == DeviceChoice.Cuda)
        {
            options.AppendExecutionProvider_CUDA(0);
        }

        return options;
    }

    private static CheckRow Agreement(Classifier model, ModelSession floats, ModelSession halves)
    {
        const int Count = 8;
        using var batch = model.CreateBatch(floats, Count);
        Fill(batch, Count);
        batch.Run(floats, 0, Count);
        float[][] expected = [.. Enumerable.Range(0, Count).Select(i => batch.Logits(i).ToArray())];
        batch.Run(halves, 0, Count);
        double largest = expected.Max(logits => logits.Max(Math.Abs));
        double apart = Enumerable.Range(0, Count).Max(i => expected[i].Zip(batch.Logits(i).ToArray(), (a, b) => Math.Abs(a - b)).Max());
        return new("resnet50, FP16 against floats", $"largest relative difference {apart / largest:E1}", apart < 2e-2 * largest);
    }

    private static void Fill(InferenceBatch batch, int count)
    {
        for (int i = 0; i < count; i++)
        {
            var slot = batch.Slot(i);
            for (int pixel = 0; pixel < slot.Length; pixel++)
            {
                slot[pixel] = ((pixel + (i * 7)) % 251 / 125f) - 1;
            }
        }
    }

    private static double PerSecond(Action run, int images, double seconds)
    {
        run();
        run();
        int runs = 0;
        long start = Stopwatch.GetTimestamp();
        for (; runs < 2 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; runs++)
        {
            run();
        }

        return runs * images / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // The weights are random, so no images calibrate; all values are far from the limits of 16 bits.
    private static void WriteTwin(string file)
    {
        var network = FoldedNormalization.Of(OnnxFile.Read(file));
        var plan = new HalfPrecisionPlan(network, HalfPrecisionPlan.TensorsOf(network).ToDictionary(value => value, _ => 1.0));
        var halves = HalfPrecisionNetwork.Of(network, plan);
        var record = new QuantizationRecord(
            new(Path.GetFileName(file), ModelBytes.Of(file).Sha256), "peaks", Images: 1, CalibrationAgreement: 1, WeightBits: 16,
            FloatLayers: [], JudgedImages: 1, Agreement: 1, Numbers: QuantizedNumbers.Fp16);
        (ModelMetadata.Read(halves.Metadata) with { Quantization = record }).WriteTo(halves);
        OnnxFile.Write(halves, Path.ChangeExtension(file, ".fp16.onnx"));
    }

    // As the service does, each run copies its images to the device and its logits back.
    private sealed class BareRun : IDisposable
    {
        private readonly InferenceSession session;
        private readonly RunOptions options = new();
        private readonly OrtIoBinding binding;
        private readonly OrtValue input, output;

        public BareRun(InferenceSession session, int size, Classifier model)
        {
            this.session = session;
            binding = session.CreateIoBinding();
            input = OrtValue.CreateTensorValueFromMemory(new float[size * model.Input.Size], [size, .. model.Input.ToInt64()]);
            output = OrtValue.CreateTensorValueFromMemory(new float[size * model.Classes], [size, model.Classes]);
            binding.BindOutput(session.OutputNames[0], output);
        }

        public void Run()
        {
            binding.BindInput(session.InputNames[0], input);
            session.RunWithBinding(options, binding);
        }

        public void Dispose()
        {
            binding.Dispose();
            input.Dispose();
            output.Dispose();
            options.Dispose();
        }
    }
}
