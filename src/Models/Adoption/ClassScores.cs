using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;

namespace Fovea.Models.Adoption;

/// <summary>
/// Gives the graph an output of shape [N, classes], finds out whether the numbers are logits or probabilities, and names the classes. The
/// nodes before the output show whether they are logits or probabilities; the graph is not run for this.
/// </summary>
internal static class ClassScores
{
    // Probabilities of independent labels are clipped to this distance from 0 and 1 before they become logits, which would be infinite
    // there.
    private const float LeastProbability = 1e-7f;

    public static void Run(AdoptionDraft draft)
    {
        var output = draft.Graph.Outputs[0];
        OutputShape.Require(draft.Graph, draft.Run);
        int columns = OutputShape.Columns(output);
        var read = ActivationReader.Of(output);
        draft.Found("activation", Sentence(read));
        draft.Classes = columns == 1 ? BinaryClasses(draft) : columns;
        if (draft.Sidecars.Need is { } need && draft.Given.Activation is null)
        {
            draft.Need(need);
        }

        if (read.Kind == FinalActivation.None && LabelChoice.IsUnnamed(draft, draft.Classes) && !IsClassifier(draft.Graph))
        {
            HeadMissing(draft, columns);
            Form(draft, read, Scores.AsTheyAre);
            return;
        }

        if (columns == 1)
        {
            Binary(draft, read);
        }
        else
        {
            Several(draft, read);
        }

        if (draft.Given.Activation is null && draft.Decision is { } decision && !IsAbove(decision))
        {
            draft.Need(
                $"The file's labels are those whose scores are below a number ({decision.Name}, {decision.Op}), and the service takes the "
                + "highest scores: the scores need a minus in the graph, or \"activation\" in model.json says that the highest are right.");
        }

        LabelChoice.Run(draft);
        draft.Found("head", HeadOf(draft.Graph) is { } head
            ? $"{char.ToUpperInvariant(head.Description[0])}{head.Description[1..]}."
            : $"There are {draft.Classes} classes, and no linear layer right before them.");
    }

    private static string Sentence(ActivationReader read) => read.Kind switch
    {
        FinalActivation.None => "No activation follows the last layer.",
        var kind => $"The graph ends in a {Name(kind)} ({read.Node!.Name}, {read.Node.Op}).",
    };

    private static string Name(FinalActivation kind) => kind switch
    {
        FinalActivation.Softmax => "softmax, so the outputs are probabilities",
        FinalActivation.LogSoftmax => "log-softmax, so the outputs are logarithms of probabilities",
        _ => "sigmoid, so the outputs are one probability per label",
    };

    // Whether the graph's last layer can only compute one output per class. A mean over the image, or a ReLU, may also end a graph of
    // features.
    private static bool IsClassifier(Graph graph) => HeadOf(graph) is { MayBeFeatures: false };

    private static ClassifierHead? HeadOf(Graph graph)
    {
        try
        {
            return ClassifierHead.TryFind(Dequantization.Of(graph));
        }
        catch (FoveaException)
        {
            // The graph has a quantised operator that cannot be converted to floats.
            return null;
        }
    }

    private static void HeadMissing(AdoptionDraft draft, int features)
    {
        draft.Classes = 0;
        _ = LabelChoice.NeedMissing(draft);
        draft.Found("head", $"The output has {features} numbers, which may be features or classes.");
        draft.Need(
            $"The {features} outputs may be classes or features: \"labels\" in model.json names classes; a file with features is a base "
            + "for finetune.");
    }

    private static void Several(AdoptionDraft draft, ActivationReader read)
    {
        var wanted = draft.Given.Activation;
        if (wanted == Activation.Sigmoid && read.Kind is FinalActivation.Softmax or FinalActivation.LogSoftmax)
        {
            throw AdoptionDraft.Refused(
                "activation is sigmoid, and the graph ends in a softmax; expected none, or a graph without softmax.");
        }

        if (read.Total <= 0)
        {
            read = new(FinalActivation.None);
        }

        switch (read.Kind)
        {
            case FinalActivation.Softmax:
                draft.Activation = Activation.None;
                Form(draft, read, Scores.AsTheyAre);
                break;
            case FinalActivation.LogSoftmax:
                draft.Activation = wanted ?? Activation.Softmax;
                Form(draft, read, Scores.AsTheyAre);
                break;
            case FinalActivation.Sigmoid when wanted is null or Activation.Sigmoid:
                draft.Activation = Activation.Sigmoid;
                Form(draft, read, Scores.Logits);
                break;
            case FinalActivation.Sigmoid:
                draft.Activation = wanted.Value;
                Form(draft, read, Scores.AsTheyAre);
                break;
            default:
                Unread(draft, wanted);
                Form(draft, read, Scores.AsTheyAre);
                break;
        }
    }

    // The graph does not end in an activation. If an earlier node is an activation, or may be one, then the outputs may be probabilities or
    // logits, and model.json must say which.
    private static void Unread(AdoptionDraft draft, Activation? wanted)
    {
        draft.Activation = wanted ?? draft.Sidecars.Activation ?? Activation.Softmax;
        if (wanted is not null)
        {
            return;
        }

        if (HiddenActivation.Before(draft.Graph.Outputs[0]) is { } hidden)
        {
            draft.Need(
                $"The outputs are computed from {hidden.Name} ({hidden.Op}) and may be probabilities or logits: "
                + "\"activation\" in model.json says which, \"none\" for probabilities, \"softmax\" for logits of classes, "
                + "and \"sigmoid\" for logits of independent labels.");
        }
        else if (UnusualScores.Before(draft.Graph.Outputs[0]) is { } unusual)
        {
            draft.Need(
                $"The outputs are computed by {unusual.Name} ({unusual.Op}) and may be logits, probabilities, or distances: "
                + "\"activation\" in model.json says which, \"softmax\" for logits of classes, \"sigmoid\" for logits of independent "
                + "labels, and \"none\" for probabilities; distances, of which the smallest is the likeliest, need a minus in the graph.");
        }
        else if (draft.Sidecars.Activation is null && draft.Decision is { } decision)
        {
            DecidedByLabel(draft, decision);
        }
        else if (draft.Sidecars.Activation is null)
        {
            draft.Assume("The outputs are logits of classes of which one is right; \"activation\" in model.json may say otherwise.");
        }
    }

    // The file compares each logit with a number, so that an image may have several labels. A logit of 0 is a probability of one half. For
    // labels whose scores are below the number, Run has recorded a need.
    private static void DecidedByLabel(AdoptionDraft draft, Node decision)
    {
        var number = decision.Inputs.Select(input => ActivationForms.Number(input!)).FirstOrDefault(number => number is not null);
        if (number == 0 && IsAbove(decision))
        {
            draft.Activation = Activation.Sigmoid;
            draft.Found(
                "activation", $"The file compares each logit with 0 ({decision.Name}, {decision.Op}), so the labels are independent.");
        }
        else if (IsAbove(decision))
        {
            draft.Need(
                $"The file compares each score with a number ({decision.Name}, {decision.Op}), and the scores may be probabilities or "
                + "logits: \"activation\" in model.json says which, \"sigmoid\" for logits of independent labels, \"none\" for "
                + "probabilities of classes of which one is right, and \"softmax\" for their logits.");
        }
    }

    // Whether a comparison is true for scores above the number, and not for scores below it.
    private static bool IsAbove(Node decision) =>
        (decision.Op is "Greater" or "GreaterOrEqual") == (decision[0].Constant is null);

    private static int BinaryClasses(AdoptionDraft draft) => LabelChoice.Count(draft) is { } labels and (1 or 2) ? labels : 0;

    // The graph has one output: the probability of the second of two classes, or of the only label.
    private static void Binary(AdoptionDraft draft, ActivationReader read)
    {
        if (read.Kind is FinalActivation.Softmax or FinalActivation.LogSoftmax)
        {
            throw AdoptionDraft.Refused("the softmax has one output, so it is 1 for every image; expected two classes, or a sigmoid.");
        }

        var wanted = draft.Given.Activation ?? draft.Sidecars.Activation;
        if (read.Kind == FinalActivation.None && wanted is null)
        {
            draft.Need(
                "The one output may be a probability or a logit: \"activation\" in model.json says which, \"none\" for a probability and "
                + "\"sigmoid\" for a logit.");
        }

        int labels = draft.Classes;
        if (labels == 0)
        {
            draft.Need(
                "The one output may be the probability of the second of two classes, or of one label: \"labels\" in model.json says which, "
                + "by two names or by one.");
            Form(draft, read, Scores.AsTheyAre);
            return;
        }

        bool isProbability = read.Kind == FinalActivation.None && wanted == Activation.None;
        if (labels == 1)
        {
            draft.Activation = Activation.Sigmoid;
            Form(draft, read, isProbability || read.Kind == FinalActivation.Sigmoid ? Scores.Logits : Scores.AsTheyAre);
            return;
        }

        bool isExact = !isProbability && (read.Logits is not null || read.Kind == FinalActivation.None);
        draft.Activation = isExact ? Activation.Softmax : Activation.None;
        Form(draft, read, isExact ? Scores.TwoLogits : Scores.TwoProbabilities);
    }

    private enum Scores
    {
        AsTheyAre,
        Logits,
        TwoLogits,
        TwoProbabilities,
    }

    private static void Form(AdoptionDraft draft, ActivationReader read, Scores form)
    {
        var output = draft.Graph.Outputs[0];
        bool isScaled = read.Kind is FinalActivation.Softmax or FinalActivation.Sigmoid && Math.Abs(read.Total - 1) > 1e-3f;
        draft.KeepsScores = form == Scores.AsTheyAre && !isScaled;
        if (form == Scores.AsTheyAre && output.Shape.Rank == 2 && !isScaled)
        {
            return;
        }

        var copy = new GraphCopy(draft.Graph);
        copy.CopyInputs();
        copy.CopyNodes();
        var logits = form is Scores.Logits or Scores.TwoLogits ? read.Logits : null;
        var numbers = Flat(copy, logits ?? output);
        numbers = logits is null && isScaled ? numbers * (1 / read.Total) : numbers;
        var changed = form switch
        {
            Scores.Logits => logits is not null ? numbers : LogitsOf(copy.Target, numbers),
            Scores.TwoLogits => Spread(copy.Target, numbers, [0, 1], [0, 0]),
            Scores.TwoProbabilities => Spread(copy.Target, numbers, [-1, 1], [1, 0]),
            _ => numbers,
        };
        draft.Change(copy.Finish(changed), form switch
        {
            Scores.Logits => "The outputs are logits instead of probabilities; the service applies the sigmoid.",
            Scores.TwoLogits => "The one output became two logits, one for each of the two classes; the service applies the softmax.",
            Scores.TwoProbabilities => "The one output became two probabilities, one for each of the two classes.",
            _ when isScaled => FormattableString.Invariant($"The outputs are divided by {read.Total}, so that they are probabilities."),
            _ => $"The output is [N, {OutputShape.Columns(output)}] instead of {output.Shape}.",
        });
    }

    // Computes the outputs of two classes from one number. A Gemm node does this, because the search for a classifier head recognises a
    // Gemm.
    private static Value Spread(Graph g, Value number, float[] factors, float[] shifts) => g.Apply(
        "Gemm", [number, g.Constant(Tensor.Of(new Shape(1, 2), factors)), g.Constant(Tensor.Of(new Shape(2), shifts))]);

    private static Value Flat(GraphCopy copy, Value value)
    {
        var copied = copy[value];
        return value.Shape.Rank == 2 ? copied
            : value.Shape.Rank == 1 ? copy.Target.Apply("Unsqueeze", [copied, copy.Target.Constant(Tensor.Of(1))])
            : copy.Target.Flatten(copied);
    }

    // Turns probabilities into logits: log(p / (1 - p)).
    private static Value LogitsOf(Graph g, Value p)
    {
        var inside = g.Apply("Clip", [p, g.Scalar(LeastProbability), g.Scalar(1 - LeastProbability)]);
        return g.Apply("Log", [inside / (g.Scalar(1) - inside)]);
    }
}
