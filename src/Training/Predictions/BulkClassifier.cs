using System.Runtime.ExceptionServices;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;

namespace Fovea.Training.Predictions;

/// <summary>
/// Classifies many image files on all cores. There are as many threads as cores. Each thread decodes a batch of images, runs the network on
/// it and takes the next batch, so that some threads decode while others run the network.
/// </summary>
/// <param name="model">The model. Its session is taken, so the model itself cannot run afterwards.</param>
/// <param name="top">
/// The number of classes to give for each image, at least 1; a model of independent labels gives all labels with a probability of at least
/// 0.5.
/// </param>
internal sealed class BulkClassifier(Classifier model, int top)
{
    private const int BatchSize = 8;

    // The least probability of a listed label, if images can have several labels.
    private const double Threshold = 0.5;

    /// <summary>Classifies the files and passes on the answers in the order of the files, one at a time, from any thread.</summary>
    /// <param name="files">The files.</param>
    /// <param name="answer">Receives the answers. Files that cannot be read get an error and do not end the run.</param>
    /// <param name="stop">Ends the run before the next batch.</param>
    /// <exception cref="OperationCanceledException">The run was ended.</exception>
    public void Run(IReadOnlyList<string> files, Action<ClassifiedImage> answer, CancellationToken stop)
    {
        int size = model.FixedBatch ?? Math.Clamp(files.Count / Environment.ProcessorCount, 1, BatchSize), begun = 0, answered = 0;
        string[] all = [.. files];
        using var sessions = new SessionTrials(model, files.Count, size);
        var waiting = new Dictionary<int, ClassifiedImage[]>();
        OnAllCores(() =>
        {
            using var batch = model.CreateBatch(sessions.First, size);
            while (!stop.IsCancellationRequested && Take() is { Count: > 0 } part)
            {
                var answers = Answers(sessions, batch, part);
                lock (waiting)
                {
                    waiting.Add(part.Offset, answers);
                    while (waiting.Remove(answered, out var next))
                    {
                        Array.ForEach(next, answer);
                        answered += next.Length;
                    }
                }
            }
        });
        stop.ThrowIfCancellationRequested();

        // Takes the next files. The last batches are smaller, so that all cores finish at about the same time.
        ArraySegment<string> Take()
        {
            lock (waiting)
            {
                int left = all.Length - begun;
                int taken = model.FixedBatch ?? Math.Clamp(left / (2 * Environment.ProcessorCount), 1, size);
                var part = new ArraySegment<string>(all, begun, Math.Min(taken, left));
                begun += part.Count;
                return part;
            }
        }
    }

    private static void OnAllCores(Action work)
    {
        try
        {
            Parallel.For(0, Environment.ProcessorCount, _ => work());
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private ClassifiedImage[] Answers(SessionTrials sessions, InferenceBatch batch, ArraySegment<string> files)
    {
        var errors = new string?[files.Count];
        int count = 0;
        for (int i = 0; i < files.Count; i++)
        {
            errors[i] = Read(files[i], batch.Slot(count));
            count += errors[i] is null ? 1 : 0;
        }

        if (count > 0)
        {
            sessions.Run(batch, count);
        }

        int slot = 0;
        return [.. files.Zip(errors, (file, error) => error is null ? Answer(file, batch.Logits(slot++)) : new(file, [], error))];
    }

    // Returns the reason why the image cannot be read; null if it can.
    private string? Read(string file, Span<float> slot)
    {
        try
        {
            var preprocessing = model.Preprocessing;
            Preprocessor.Normalize(Preprocessor.Fit(File.ReadAllBytes(file), new ImageLimits(), preprocessing), preprocessing, slot);
            return null;
        }
        catch (FoveaException e)
        {
            return e.Message;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"The file cannot be read: {FileFailure.Reason(e, file)}; expected an image file.";
        }
    }

    private ClassifiedImage Answer(string file, ReadOnlySpan<float> logits)
    {
        var predictions = model.Predictions(logits, model.IsMultiLabel ? model.Classes : top);
        return predictions.Any(prediction => !double.IsFinite(prediction.Probability))
            ? new(file, [], "The model computes NaN or infinity for this image.")
            : new(
                file,
                model.IsMultiLabel ? [.. predictions.Where(prediction => prediction.Probability >= Threshold)] : predictions,
                Outlier: model.Outlier(logits));
    }
}
