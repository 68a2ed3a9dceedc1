using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Training.Datasets;
using Fovea.Training.Optimizers;
using Fovea.Training.Recipes;
using Fovea.Training.Runs;
using Fovea.Training.Steps;
using Fovea.Training.Tests.Steps;

namespace Fovea.Training.Tests.Runs;

public class BatchFeedTests
{
    private const int First = 5, Last = 9;

    private static readonly TrainingOptions Options =
        new("model.onnx", "mnist", Epochs: 1, BatchSize: 2, LearningRate: 1e-3, Optimizer.Create("sgd"), Seed: 1, Resume: false);

    public static TheoryData<string> Names => Devices.Names;

    [Theory, MemberData(nameof(Names))]
    public void Batches_come_in_order_and_none_is_loaded_after_the_last(string name)
    {
        using var step = Step(name);
        var loaded = new List<int>();
        using (var feed = new BatchFeed(step, Batches(loaded, failAt: 0).GetEnumerator(), Options, First, Last))
        {
            for (int number = First; number <= Last; number++)
            {
                var batch = feed.Next();
                Assert.Equal((number, number, 1), (batch.Step, batch.Images[0], batch.Targets[number % 10]));
            }
        }

        Assert.Equal(Enumerable.Range(First, Last - First + 1), loaded);
    }

    [Theory, MemberData(nameof(Names))]
    public void An_image_that_cannot_be_read_fails_when_its_batch_is_asked_for(string name)
    {
        using var step = Step(name);
        using var feed = new BatchFeed(step, Batches([], failAt: First + 2).GetEnumerator(), Options, First, Last);
        feed.Next();
        feed.Next();
        Assert.Throws<FoveaException>(feed.Next);
    }

    private static TrainingStep Step(string device) =>
        new(Catalog.Find("lenet5").Build(seed: 1), 2, Options.Optimizer, device: Devices.Find(device));

    // The first pixel and the class say the batch's number. All batches use the same arrays.
    private static IEnumerable<TrainingBatch> Batches(List<int> loaded, int failAt)
    {
        var (images, targets) = (new float[2 * 784], new int[2]);
        for (int number = First; ; number++)
        {
            if (number == failAt)
            {
                throw new FoveaException(ErrorCode.BadDataset, "The image is damaged.");
            }

            loaded.Add(number);
            (images[0], targets[0]) = (number, number % 10);
            yield return new(images, targets, 2);
        }
    }
}
